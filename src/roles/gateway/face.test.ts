import { expect, test } from "vitest";
import type { Reply } from "../../ports.ts";
import type { Backend } from "./backend.ts";
import { createFace } from "./face.ts";

const backend: Backend = {
  models: () => [{ id: "org/tiny", ownedBy: "me" }],
  answer: ({ endpoint, reply }) => reply.json(200, { endpoint }),
  status: () => ({ running: 0 }),
  close: async () => {},
};

function ask(method: string, path: string): Promise<{ status: number; body?: unknown }> {
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
    createFace(backend)({ id: "r", method, path, headers: {}, body: '{"model":"org/tiny"}' }, reply);
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

test("other paths stay unknown, and a path is not known by its beginning", async () => {
  for (const path of [
    "/",
    "/v1",
    "/v2/models",
    "/v1/embeddings",
    "/modelsx",
    "/chat/completionsx",
    "/v1/holdfast",
  ]) {
    expect(await ask("GET", path)).toEqual({ status: 404 });
  }
});
