import { expect, test } from "vitest";
import type { Reply } from "../../ports.ts";
import type { Backend } from "./backend.ts";
import { createFace, type FaceOptions } from "./face.ts";

const backend: Backend = {
  models: () => [{ id: "org/tiny", ownedBy: "me" }],
  answer: ({ endpoint, reply }) => reply.json(200, { endpoint }),
  status: () => ({ running: 0 }),
  close: async () => {},
};

function ask(
  method: string,
  path: string,
  options: FaceOptions = {},
): Promise<{ status: number; body?: unknown }> {
  return new Promise((resolve) => {
    const reply: Reply = {
      refuse: ({ status }) => resolve({ status }),
      json: (status, body) => resolve({ status, body }),
      text: (status, body) => resolve({ status, body }),
      stream() {},
      write() {},
      end() {},
      onAbort() {},
    };
    createFace(backend, options)({ id: "r", method, path, headers: {}, body: '{"model":"org/tiny"}' }, reply);
  });
}

test("the API is found under a base URL with /v1, without it, and with it twice", async () => {
  for (const base of ["", "/v1", "/v1/v1"]) {
    expect(await ask("POST", `${base}/chat/completions`)).toEqual({
      status: 200,
      body: { endpoint: "chat/completions" },
    });
    expect(await ask("POST", `${base}/completions`)).toEqual({
      status: 200,
      body: { endpoint: "completions" },
    });
    expect(await ask("GET", `${base}/models`)).toMatchObject({ status: 200, body: { object: "list" } });
    expect(await ask("GET", `${base}/models/org/tiny`)).toMatchObject({
      status: 200,
      body: { id: "org/tiny" },
    });
    expect(await ask("GET", `${base}/holdfast/status`)).toMatchObject({ status: 200, body: { running: 0 } });
  }
});

test("HEAD is answered where GET is, and nowhere else", async () => {
  expect(await ask("HEAD", "/v1/models")).toMatchObject({ status: 200 });
  expect(await ask("HEAD", "/v1/models/none")).toMatchObject({ status: 404 });
  expect(await ask("HEAD", "/v1/chat/completions")).toMatchObject({ status: 405 });
});

test("other paths stay unknown, and a path is not known by its beginning", async () => {
  for (const path of ["/", "/v1", "/v2/models", "/modelsx", "/chat/completionsx", "/v1/holdfast"]) {
    expect(await ask("GET", path)).toEqual({ status: 404 });
  }
});

test("a receipt is read as it was kept; what was never proved, or is no job, is not there", async () => {
  const job = "0a".repeat(32);
  const get = async (asked: string) => (asked === job ? '{"v":1}' : undefined);
  expect(await ask("GET", `/v1/receipts/${job}`, { receipts: { get } })).toEqual({
    status: 200,
    body: '{"v":1}',
  });
  expect(await ask("GET", `/receipts/${job}`, { receipts: { get } })).toMatchObject({ status: 200 });
  for (const other of ["0b".repeat(32), "../run", "x"])
    expect(await ask("GET", `/v1/receipts/${other}`, { receipts: { get } })).toEqual({ status: 404 });
  expect(await ask("GET", `/v1/receipts/${job}`)).toEqual({ status: 404 });
});
