import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, silentLog } from "../../test/rigs/ask.ts";
import { startUpstream, type UpstreamRig } from "../../test/rigs/upstream.ts";
import { limits } from "../protocol/limits.ts";
import { type RunningGateway, startUpstreamGateway } from "./upstream-gateway.ts";

const ports = { log: silentLog };
let rig: UpstreamRig;
let gateway: RunningGateway;

beforeAll(async () => {
  rig = await startUpstream();
  gateway = await startUpstreamGateway(ports, {
    port: 0,
    upstreams: [rig.url],
    hostsAllowed: ["friend.example"],
  });
});

afterAll(async () => {
  await gateway.close();
  await rig.close();
});

/** Sends bytes as they are and returns what comes back until the connection closes or `until` appears. */
function raw(bytes: string, until?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1", () => socket.write(bytes));
    let got = "";
    socket.on("data", (data) => {
      got += data;
      if (until !== undefined && got.includes(until)) socket.destroy();
    });
    socket.on("close", () => resolve(got));
    socket.on("error", reject);
  });
}

const get = (headers: string) => raw(`GET /healthz HTTP/1.1\r\n${headers}\r\nconnection: close\r\n\r\n`);

describe("the HTTP face", () => {
  test.each([
    ["not JSON", "{oops", 400, null],
    ["not an object", "[1]", 400, null],
    ["without a model", '{"messages":[]}', 400, "model"],
    ["with an empty model", '{"model":""}', 400, "model"],
    ["with nothing", "", 400, null],
  ])("refuses a body %s", async (_, body, status, param) => {
    const seen = await ask(gateway.url, body);
    expect(seen).toMatchObject({ status, error: { type: "invalid_request_error", param } });
    expect(seen.headers.get("x-request-id")).toMatch(/^req_/);
  });

  test("asks no upstream with a field it goes by and cannot read", async () => {
    const before = rig.requests.length;
    const seen = await ask(gateway.url, { stream: "yes" });
    expect(seen).toMatchObject({ status: 400, error: { param: "stream", type: "invalid_request_error" } });
    expect(rig.requests.length).toBe(before);
  });

  test("refuses broken UTF-8 without passing it on", async () => {
    const before = rig.requests.length;
    const body = Buffer.concat([
      Buffer.from('{"model":"known","x":"'),
      Buffer.from([0xc3, 0x28]),
      Buffer.from('"}'),
    ]);
    const response = await fetch(`${gateway.url}/v1/chat/completions`, { method: "POST", body });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("UTF-8");
    expect(rig.requests.length).toBe(before);
  });

  test("refuses an oversize body, announced or not", async () => {
    const large = new Uint8Array(limits.requestBytesMax + 1).fill(0x20);
    const announced = await fetch(`${gateway.url}/v1/chat/completions`, { method: "POST", body: large });
    expect(announced.status).toBe(413);
    expect(await announced.json()).toMatchObject({ error: { code: "request_too_large" } });
    const chunked = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      body: new Blob([large]).stream(),
      duplex: "half",
    } as RequestInit);
    expect(chunked.status).toBe(413);
  });

  test("knows its paths and methods", async () => {
    for (const path of ["/", "/v1", "/v1/models/none"]) {
      const response = await fetch(gateway.url + path);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ error: { type: "not_found_error" } });
    }
    const wrong = await fetch(`${gateway.url}/v1/chat/completions`);
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get("allow")).toBe("POST");
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${gateway.url}/v1/models?limit=1`)).status).toBe(200);
  });

  test("answers what is not HTTP in the API's form, and goes on", async () => {
    expect(await raw("hello there\r\n\r\n")).toMatch(/^HTTP\/1.1 400 .*invalid_request_error/s);
    expect(await get(`host: localhost\r\nx: ${"y".repeat(20_000)}`)).toMatch(/^HTTP\/1.1 431 /);
    expect(await get("host: localhost")).toMatch(/^HTTP\/1.1 200 /);
  });

  test("keeps web pages of other hosts out, and sends no CORS header", async () => {
    expect(await get("host: evil.example")).toMatch(/^HTTP\/1.1 403 .*foreign_caller/s);
    expect(await get("host: 127.0.0.1.evil.example")).toMatch(/^HTTP\/1.1 403 /);
    expect(await get("host: localhost\r\norigin: https://evil.example")).toMatch(/^HTTP\/1.1 403 /);
    expect(await get("host: localhost\r\norigin: null")).toMatch(/^HTTP\/1.1 403 /);
    for (const host of ["127.0.0.1:1", "[::1]:80", "friend.example", "LOCALHOST"]) {
      expect(await get(`host: ${host}\r\norigin: http://localhost:3000`)).toMatch(/^HTTP\/1.1 200 /);
    }
    expect(await get("host: localhost")).not.toMatch(/access-control/i);
  });

  test("gives up on an application that does not read, and tells the upstream", async () => {
    const word = ` ${"x".repeat(60_000)}`;
    const large = await startUpstream({ text: word.repeat(800) });
    const slow = await startUpstreamGateway(ports, { port: 0, upstreams: [large.url] });
    const body = '{"model":"known","messages":[],"stream":true}';
    const socket = connect(Number(new URL(slow.url).port), "127.0.0.1", () => {
      socket.pause();
      socket.write(
        `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
    });
    socket.on("error", () => {});
    await expect.poll(() => large.hungUp, { timeout: 10_000 }).toBe(1);
    socket.destroy();
    await slow.close();
    await large.close();
  });
});

describe("starting", () => {
  test("warns of each upstream that lists no models, with the likeliest mistake", async () => {
    const warned: Array<Record<string, unknown>> = [];
    const log = { ...silentLog, warn: (event: string, facts = {}) => void warned.push({ event, ...facts }) };
    const free = await startUpstream();
    const gone = free.url;
    await free.close();
    const upstreams = [rig.url, `${rig.url}/chat/completions`, rig.url.replace("/v1", "/api"), gone];
    const started = await startUpstreamGateway({ log }, { port: 0, upstreams });
    await expect.poll(() => warned.length).toBe(3);
    const facts = (reason: RegExp, remedy: string) => ({
      ...{ event: "upstream.unlisted", reason: expect.stringMatching(reason) },
      remedy: expect.stringContaining(remedy),
    });
    expect(warned).toEqual([
      expect.objectContaining(facts(/^\/models: status 404$/, `${rig.url}, without /chat/completions`)),
      expect.objectContaining(facts(/^\/models: status 404$/, "/api/v1")),
      expect.objectContaining(facts(/^\/models: unreachable /, "see whether it runs")),
    ]);
    const { providers } = (await (await fetch(`${started.url}/holdfast/status`)).json()) as {
      providers: Array<{ state: string }>;
    };
    expect(providers.map(({ state }) => state)).toEqual(["well", "unknown", "unknown", "failing"]);
    await started.close();
  });

  const start = (options: object) =>
    startUpstreamGateway(ports, { port: 0, upstreams: [rig.url], ...options });

  test("says whose fault it is and what to do", async () => {
    const port = Number(new URL(gateway.url).port);
    await expect(start({ port })).rejects.toMatchObject({ code: "port-busy", fault: "environment" });
    await expect(start({ host: "192.0.2.1" })).rejects.toMatchObject({ code: "cannot-listen" });
    await expect(start({ upstreams: [] })).rejects.toMatchObject({ code: "no-upstreams", fault: "user" });
    const missing = { upstreams: [`${rig.url},key=env:NOT_THERE`], environment: {} };
    await expect(start(missing)).rejects.toMatchObject({ code: "key-missing" });
    const odd = await start({ upstreams: [`${rig.url},key=env:K`], environment: { K: "sk-1\nsk-2" } }).catch(
      (error) => error,
    );
    expect(odd.code).toBe("key-missing");
    expect(odd.explain()).not.toContain("sk-");
  });
});
