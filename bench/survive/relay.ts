import { spawn } from "node:child_process";
import { type AddressInfo, connect, createServer } from "node:net";
import { createInterface } from "node:readline";
import { guarded } from "../processes.ts";
import { end, type Server } from "./server.ts";

/**
 * The limit for whatever stands between an application and an upstream: a process that hands every byte on, and reads
 * none of them. What it costs is two more hops, and a third process on the cores.
 */
export async function serveRelay(upstreamPort: number): Promise<void> {
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: upstreamPort, host: "127.0.0.1", noDelay: true });
    client.pipe(upstream).pipe(client);
    client.on("error", () => upstream.destroy());
    upstream.on("error", () => client.destroy());
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  console.log((server.address() as AddressInfo).port);
}

export async function startRelay(upstream: string): Promise<Server & { readonly url: string }> {
  const { port } = new URL(upstream);
  const child = spawn(process.execPath, [main, "relay", port], { stdio: ["ignore", "pipe", "inherit"] });
  guarded(child.pid!);
  const taken = await new Promise<string>((resolve) =>
    createInterface({ input: child.stdout }).once("line", resolve),
  );
  return { url: `http://127.0.0.1:${taken}/v1`, pid: child.pid!, stop: () => end(child) };
}

const main = new URL("main.ts", import.meta.url).pathname;
