import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { HttpHandler, Reply } from "../../ports.ts";
import { type HttpServer, type HttpServerOptions, serveHttp } from "./server.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };
const servers: HttpServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(handle: HttpHandler, options: Partial<HttpServerOptions> = {}): Promise<string> {
  const server = await serveHttp({ log }, { port: 0, ...options }, handle);
  servers.push(server);
  return server.url;
}

test("more requests than may be in flight are told to come back, and room is made again", async () => {
  const open: Reply[] = [];
  const url = await serve((_, reply) => open.push(reply), { requestsInFlightMax: 2 });
  const first = fetch(url);
  const second = fetch(url);
  await expect.poll(() => open.length).toBe(2);
  const third = await fetch(url);
  expect(third.status).toBe(429);
  expect(third.headers.get("retry-after")).toBe("1");
  expect(await third.json()).toMatchObject({
    error: { type: "rate_limit_error", code: "too_many_requests" },
  });
  for (const reply of open) reply.json(200, {});
  expect([(await first).status, (await second).status]).toEqual([200, 200]);
  const fourth = fetch(url);
  await expect.poll(() => open.length).toBe(3);
  open[2]!.json(200, {});
  expect((await fourth).status).toBe(200);
});

test("a request that its handler does not survive is refused, and the next one is answered", async () => {
  const url = await serve(({ path }, reply) => {
    if (path === "/deep") throw new RangeError("Maximum call stack size exceeded");
    reply.json(200, {});
  });
  const failed = await fetch(`${url}/deep`);
  expect(failed.status).toBe(500);
  expect(await failed.json()).toMatchObject({ error: { type: "server_error", code: "internal_error" } });
  expect((await fetch(`${url}/next`)).status).toBe(200);
});

test("a request reaches the handler whole, and a reply ends once", async () => {
  const url = await serve((request, reply) => {
    reply.onAbort(() => reply.json(500, {}));
    reply.stream();
    reply.write(`${request.method} ${request.path} ${request.headers["x-a"]} ${request.body}`);
    reply.end();
    reply.write("late");
    reply.end();
    reply.json(500, {});
  });
  const body = "é".repeat(100_000);
  const response = await fetch(`${url}/a/b?c=d`, { method: "POST", body, headers: { "x-a": "1" } });
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  expect(response.headers.get("x-request-id")).toMatch(/^req_/);
  expect(await response.text()).toBe(`POST /a/b 1 ${body}`);
});

test("hanging up is told once, and not after the end", async () => {
  const heard: string[] = [];
  const url = await serve((request, reply) => {
    reply.onAbort(() => heard.push(request.path));
    if (request.path === "/whole") reply.json(200, {});
    else reply.stream();
    reply.write("a");
  });
  await (await fetch(`${url}/whole`)).text();
  const abort = new AbortController();
  const response = await fetch(`${url}/stream`, { signal: abort.signal });
  expect(response.status).toBe(200);
  abort.abort();
  await expect.poll(() => heard).toEqual(["/stream"]);
});

test("closing does not wait for ever for an answer nobody ends", async () => {
  let reached = false;
  const server = await serveHttp({ log }, { port: 0 }, (_, reply) => {
    reached = true;
    reply.stream();
    reply.write("a");
  });
  const cut = expect(fetch(server.url).then((response) => response.text())).rejects.toThrow();
  await expect.poll(() => reached).toBe(true);
  await server.close();
  await cut;
});

test("what comes behind a request and is none cuts its answer, and is not written into it", async () => {
  const url = new URL(
    await serve((_, reply) => {
      reply.stream();
      reply.write("data: 1\n\n");
    }),
  );
  const socket = connect({ port: Number(url.port), host: url.hostname });
  let heard = "";
  socket.on("data", (bytes) => {
    heard += bytes;
  });
  socket.on("error", () => {});
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}");
  await expect.poll(() => heard).toContain("data: 1");
  socket.write("{ no request\r\n\r\n");
  await closed;
  expect(heard).not.toContain("400 Bad Request");
});

/** All that comes back for `head`, which asks for the connection's end. */
async function raw(url: string, head: readonly string[], body = ""): Promise<string> {
  const { port, hostname } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname });
  let heard = "";
  socket.on("data", (bytes) => {
    heard += bytes;
  });
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write(`${[...head, "connection: close"].join("\r\n")}\r\n\r\n${body}`);
  await closed;
  return heard;
}

test("two Host headers, and a body that is compressed, are refused before anything is read", async () => {
  const url = await serve((_, reply) => reply.json(200, {}));
  const post = ["POST / HTTP/1.1", "host: localhost", "content-length: 2"];
  expect(await raw(url, [...post, "Host: localhost"], "{}")).toMatch(/^HTTP\/1.1 400 .*Host header/s);
  expect(await raw(url, [...post, "content-encoding: gzip"], "{}")).toMatch(/^HTTP\/1.1 415 /);
  expect(await raw(url, [...post, "content-encoding: identity"], "{}")).toMatch(/^HTTP\/1.1 200 /);
});

test("HEAD gets the head of what GET gets, and no body", async () => {
  const url = await serve((_, reply) => reply.json(200, { a: 1 }));
  const heard = await raw(url, ["HEAD / HTTP/1.1", "host: localhost"]);
  expect(heard).toMatch(/^HTTP\/1.1 200 .*content-length: 7/s);
  expect(heard).toMatch(/\r\n\r\n$/);
});
