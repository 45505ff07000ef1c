import { spawn } from "node:child_process";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { guarded } from "../processes.ts";
import { end, type Server } from "./server.ts";

/** "bytes" are handed on as they come; "messages" are read, checked to be JSON, and written anew, and nothing else. */
export type RelayKind = "bytes" | "messages";

/**
 * Limits for whatever stands between an application and an upstream. A relay of bytes costs two more hops, and a third
 * process on the cores. A relay of messages is what is left of a gateway that knows one upstream and has no rules; it is
 * no HTTP server, and does for what this bench sends.
 */
export async function serveRelay(upstreamPort: number, kind: RelayKind): Promise<void> {
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: upstreamPort, host: "127.0.0.1", noDelay: true });
    if (kind === "bytes") client.pipe(upstream).pipe(client);
    else {
      passMessages(client, upstream);
      passMessages(upstream, client);
    }
    client.on("error", () => upstream.destroy());
    upstream.on("error", () => client.destroy());
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  console.log((server.address() as AddressInfo).port);
}

function passMessages(from: Socket, to: Socket): void {
  let waiting = "";
  from.setEncoding("latin1").on("data", (text: string) => {
    waiting += text;
    for (let message = firstOf(waiting); message !== undefined; message = firstOf(waiting)) {
      const body = Buffer.from(JSON.stringify(JSON.parse(Buffer.from(message.body, "latin1").toString())));
      const head = message.head.replace(lengthLine, `content-length: ${body.length}`);
      to.write(head + body.toString("latin1"), "latin1");
      waiting = waiting.slice(message.head.length + message.body.length);
    }
  });
}

const lengthLine = /content-length: (\d+)/i;

function firstOf(text: string): { readonly head: string; readonly body: string } | undefined {
  const end = text.indexOf("\r\n\r\n") + 4;
  if (end < 4) return undefined;
  const head = text.slice(0, end);
  const length = Number(lengthLine.exec(head)?.[1]);
  return text.length < end + length ? undefined : { head, body: text.slice(end, end + length) };
}

export async function startRelay(
  upstream: string,
  kind: RelayKind,
): Promise<Server & { readonly url: string }> {
  const { port } = new URL(upstream);
  const child = spawn(process.execPath, [main, "relay", port, kind], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  guarded(child.pid!);
  const taken = await new Promise<string>((resolve) =>
    createInterface({ input: child.stdout }).once("line", resolve),
  );
  return { url: `http://127.0.0.1:${taken}/v1`, pid: child.pid!, stop: () => end(child) };
}

const main = new URL("main.ts", import.meta.url).pathname;
