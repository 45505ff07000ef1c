import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { Prompt } from "../../domain/inference/spec.ts";
import { limits } from "../../protocol/limits.ts";
import { createOpenAiEngine, type OpenAiEngineOptions, openAiModelId } from "./engine.ts";

const chat: Prompt = { kind: "chat", messages: [{ role: "user", content: "hello" }] };
const asked = { prompt: chat, begun: "", tokensMax: 50, temperature: 0.5, topP: 0.9, seed: "ff".repeat(32) };
const { signal } = new AbortController();
const cleanups: Array<() => unknown> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

type Handler = (
  request: IncomingMessage & { json: Record<string, unknown> },
  response: ServerResponse,
) => void;

/** A server over real HTTP that answers as `handler` does. */
async function serve(handler: Handler, options: Partial<OpenAiEngineOptions> = {}) {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => {
      body += piece;
    });
    request.on("end", () => handler(Object.assign(request, { json: JSON.parse(body) }), response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`;
  const engine = createOpenAiEngine({
    url,
    upstreamModel: "m",
    name: "n",
    contextTokens: 4096,
    slots: 2,
    ...options,
  });
  cleanups.push(
    () => engine.close(),
    () => {
      server.closeAllConnections();
      server.close();
    },
  );
  return engine;
}

const event = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

async function collect(speech: AsyncGenerator<string, "stop" | "length">) {
  let text = "";
  for (;;) {
    const step = await speech.next();
    if (step.done === true) return { text, end: step.value };
    text += step.value;
  }
}

async function failure(speech: AsyncGenerator<string, "stop" | "length">) {
  return collect(speech).then(
    () => ({ code: "no error" }),
    (error: { code: string }) => error,
  );
}

test("it streams an answer, asks for what it was asked, and says how it ended", async () => {
  let seen: (IncomingMessage & { json: Record<string, unknown> }) | undefined;
  const engine = await serve(
    (request, response) => {
      seen = request;
      const text =
        event({ role: "assistant", content: "" }) + event({ content: "Hé" }) + event({ content: "llo 🙂" });
      const bytes = Buffer.from(`: hi\n\n${text}${event({}, "length")}data: [DONE]\n\n`);
      // Byte by byte: characters and lines arrive in pieces.
      const send = (at: number): void => {
        if (at >= bytes.length) return void response.end();
        response.write(bytes.subarray(at, at + 7), () => send(at + 7));
      };
      send(0);
    },
    { key: "secret" },
  );
  expect(await collect(engine.speak(asked, signal))).toEqual({ text: "Héllo 🙂", end: "length" });
  expect(seen?.url).toBe("/v1/chat/completions");
  expect(seen?.headers.authorization).toBe("Bearer secret");
  expect(seen?.json).toMatchObject({
    model: "m",
    stream: true,
    max_tokens: 50,
    temperature: 0.5,
    top_p: 0.9,
  });
  expect(seen?.json["messages"]).toEqual([{ role: "user", content: "hello" }]);
});

test("it goes on from a begun answer only where the server can", async () => {
  const handler: Handler = (request, response) => {
    const last = (request.json["messages"] as Array<{ role: string; content: string }>).at(-1)!;
    response.end(event({ content: `${last.role}:${last.content}` }, "stop"));
  };
  const able = await serve(handler, { resume: "assistant" });
  expect(able.resume).toBe(true);
  expect((await collect(able.speak({ ...asked, begun: "Once" }, signal))).text).toBe("assistant:Once");
  const unable = await serve(handler);
  expect(await failure(unable.speak({ ...asked, begun: "Once" }, signal))).toMatchObject({
    code: "cannot-resume",
  });
});

test("a plain prompt goes to /completions, with what was begun appended", async () => {
  const engine = await serve((request, response) => {
    response.end(
      `data: ${JSON.stringify({ choices: [{ text: `${request.url} ${request.json["prompt"]}`, finish_reason: "stop" }] })}\n\n`,
    );
  });
  const prompt: Prompt = { kind: "text", text: "a" };
  expect((await collect(engine.speak({ ...asked, prompt, begun: "b" }, signal))).text).toBe(
    "/v1/completions ab",
  );
});

test("an answer without a stated end was cut, even if the connection closed cleanly", async () => {
  const clean = await serve(
    (_, response) => void response.end(`${event({ content: "half" })}data: [DONE]\n\n`),
  );
  expect(await failure(clean.speak(asked, signal))).toMatchObject({ code: "upstream-cut", retryable: true });
  const broken = await serve((_, response) => {
    response.write(event({ content: "half" }), () => response.destroy());
  });
  expect(await failure(broken.speak(asked, signal))).toMatchObject({
    code: "upstream-unreachable",
    retryable: true,
  });
});

test("refusals keep their meaning and lose their words", async () => {
  const answers: Array<[number, string, string]> = [
    [401, "{}", "upstream-auth"],
    [404, "not json", "upstream-model"],
    [
      400,
      JSON.stringify({ error: { message: "secret prompt", code: "context_length_exceeded" } }),
      "context-overflow",
    ],
    [400, "{}", "bad-request"],
    [429, "{}", "busy"],
    [500, "<html>", "upstream-failed"],
    [302, "", "upstream-failed"],
  ];
  for (const [status, body, code] of answers) {
    const engine = await serve((_, response) => {
      response.writeHead(status, { "retry-after": "2", location: "http://127.0.0.1:1/" }).end(body);
    });
    const error = await failure(engine.speak(asked, signal));
    expect(error.code).toBe(code);
    expect(JSON.stringify(error)).not.toContain("secret");
  }
});

test("garbage is an error, whatever its shape", async () => {
  const long = "x".repeat(limits.engineEventLengthMax + 1);
  const bodies: Array<[string | Buffer, string]> = [
    ["data: {not json\n\n", "upstream-garbage"],
    ['data: {"choices": 7}\n\n', "upstream-garbage"],
    ["data: null\n\n", "upstream-garbage"],
    [`data: ${long}`, "upstream-garbage"],
    [`data: ${long}\n\n`, "upstream-garbage"],
    [Buffer.from([0xff, 0xfe, 0, 10, 10]), "upstream-cut"],
    ["", "upstream-cut"],
    ['data: {"choices": []}\n\n', "upstream-cut"],
    ['data: {"error": {"message": "boom"}}\n\n', "upstream-failed"],
    [event({ tool_calls: [{}] }), "upstream-finish"],
    [event({}, "content_filter"), "upstream-finish"],
    [event({ content: "y".repeat(50 * limits.tokenLengthMax + 1) }), "upstream-garbage"],
  ];
  for (const [body, code] of bodies) {
    const engine = await serve((_, response) => void response.end(body));
    expect((await failure(engine.speak(asked, signal))).code).toBe(code);
  }
});

test("an aborted answer closes its connection", async () => {
  const { promise: gone, resolve: closed } = Promise.withResolvers<void>();
  const engine = await serve((_, response) => {
    response.on("close", () => closed());
    response.write(event({ content: "first" }));
  });
  const aborter = new AbortController();
  const speech = engine.speak(asked, aborter.signal);
  expect((await speech.next()).value).toBe("first");
  aborter.abort(new Error("enough"));
  await expect(speech.next()).rejects.toThrow("enough");
  await gone;
});

test("a reader that stops reading closes its connection too", async () => {
  const { promise: gone, resolve: closed } = Promise.withResolvers<void>();
  const engine = await serve((_, response) => {
    response.on("close", () => closed());
    response.write(event({ content: "first" }));
  });
  for await (const _ of engine.speak(asked, signal)) break;
  await gone;
});

test("a server that is not there is said to be unreachable", async () => {
  const engine = createOpenAiEngine({
    url: "http://127.0.0.1:1/v1",
    upstreamModel: "m",
    name: "n",
    contextTokens: 1,
    slots: 1,
  });
  expect(await failure(engine.speak(asked, signal))).toMatchObject({ code: "upstream-unreachable" });
  await engine.close();
});

test("its model id is the digest of its stated name", () => {
  expect(openAiModelId("gpt-x")).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(openAiModelId("gpt-x")).not.toBe(openAiModelId("gpt-y"));
});
