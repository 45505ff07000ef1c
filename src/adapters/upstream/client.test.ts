import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { UpstreamFault, Upstreams } from "../../ports.ts";
import { createUpstreams } from "./client.ts";

/** Servers that say exactly the bytes they are told to, over real sockets. */

const closers: Array<() => void> = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

interface Raw {
  readonly url: string;
  readonly sockets: Socket[];
  /** All that was sent to it. */
  heard: string;
  closed: number;
}

/** Calls `answer` for each request, which is one that ends with "}" or has no body. */
async function serve(answer: (socket: Socket, count: number) => void): Promise<Raw> {
  let count = 0;
  const raw: Raw = { url: "", sockets: [], heard: "", closed: 0 };
  const server: Server = createServer((socket) => {
    raw.sockets.push(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      raw.closed += 1;
    });
    socket.on("data", (bytes) => {
      raw.heard += bytes;
      if (/\}$|GET[^{]*\r\n\r\n$/.test(raw.heard)) answer(socket, count++);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    server.close();
    for (const socket of raw.sockets) socket.destroy();
  });
  return Object.assign(raw, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/x?y=z` });
}

function client(): Upstreams {
  const upstreams = createUpstreams();
  closers.push(() => void upstreams.close());
  return upstreams;
}

interface Heard {
  status: number;
  body: string;
  fault: UpstreamFault | undefined;
}

function post(upstreams: Upstreams, url: string, body: string | undefined = '{"a":"é"}'): Promise<Heard> {
  const heard: Heard = { status: 0, body: "", fault: undefined };
  return new Promise((resolve) => {
    const method = body === undefined ? "GET" : "POST";
    const request = {
      method,
      url,
      headers: { "x-a": "1" },
      ...(body === undefined ? {} : { body }),
    } as const;
    upstreams.send(request, {
      answered(status) {
        heard.status = status;
      },
      piece(text) {
        heard.body += text;
      },
      ended: () => resolve(heard),
      failed(fault) {
        heard.fault = fault;
        resolve(heard);
      },
    });
  });
}

const ok = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nyé!";

test("a request leaves whole, and the next one goes over the same connection", async () => {
  const server = await serve((socket) => socket.write(ok));
  const upstreams = client();
  for (let round = 0; round < 3; round++) {
    expect(await post(upstreams, server.url)).toEqual({ status: 200, body: "yé!", fault: undefined });
  }
  expect(server.sockets.length).toBe(1);
  const host = new URL(server.url).host;
  const one = `POST /v1/x?y=z HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\nx-a: 1\r\ncontent-length: 10\r\n\r\n{"a":"é"}`;
  expect(server.heard).toBe(one.repeat(3));
});

test("many at once have a connection each, and later ones use those again", async () => {
  const server = await serve((socket) => socket.write(ok));
  const upstreams = client();
  for (let round = 0; round < 2; round++) {
    const all = await Promise.all(Array.from({ length: 9 }, () => post(upstreams, server.url, undefined)));
    expect(all.map(({ body }) => body)).toEqual(Array(9).fill("yé!"));
  }
  expect(server.sockets.length).toBe(9);
});

test("a server that closes after each answer is asked over a new connection", async () => {
  const server = await serve((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nuntil the end"));
  const upstreams = client();
  for (let round = 0; round < 2; round++) {
    expect(await post(upstreams, server.url)).toMatchObject({ body: "until the end", fault: undefined });
  }
  expect(server.sockets.length).toBe(2);
});

test("what comes unasked is given to nobody", async () => {
  const server = await serve((socket, count) => {
    socket.write(ok);
    if (count === 0) setImmediate(() => socket.write(ok.replace("yé!", "bad!")));
  });
  const upstreams = client();
  await post(upstreams, server.url);
  await expect.poll(() => server.closed).toBe(1);
  expect((await post(upstreams, server.url)).body).toBe("yé!");
});

test.each([
  ["broken", "a connection that ends in the middle", (socket: Socket) => socket.end(ok.slice(0, -2))],
  ["broken", "a connection that ends before the answer", (socket: Socket) => socket.end()],
  ["broken", "a connection that is reset", (socket: Socket) => socket.resetAndDestroy()],
  ["garbage", "what is not HTTP", (socket: Socket) => socket.write("220 smtp.example\r\n\r\n")],
  [
    "garbage",
    "a compressed body",
    (socket: Socket) => socket.write(ok.replace("OK\r\n", "OK\r\ncontent-encoding: gzip\r\n")),
  ],
  [
    "garbage",
    "half a character",
    (socket: Socket) =>
      socket.write(Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n\xc3", "latin1")),
  ],
] as const)("it is %s: %s", async (code, _, answer) => {
  const server = await serve(answer);
  expect((await post(client(), server.url)).fault?.code).toBe(code);
});

test("nobody listening is unreachable, and so is a server that speaks no TLS", async () => {
  const server = await serve(() => {});
  expect((await post(client(), server.url.replace("http:", "https:"))).fault?.code).toBe("unreachable");
  for (const close of closers.splice(0)) close();
  await expect.poll(async () => (await post(client(), server.url)).fault?.code).toBe("unreachable");
});

test("whoever hangs up is heard of by the server, and hears nothing more", async () => {
  const server = await serve((socket) => socket.write(ok.slice(0, -2)));
  const upstreams = client();
  const exchange = upstreams.send(
    { method: "POST", url: server.url, headers: {}, body: "{}" },
    {
      answered: () => exchange.abort(),
      piece: () => expect.unreachable(),
      ended: () => expect.unreachable(),
      failed: () => expect.unreachable(),
    },
  );
  await expect.poll(() => server.closed).toBe(1);
});
