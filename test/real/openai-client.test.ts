import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type RunningGateway, startUpstreamGateway } from "../../src/commands/upstream-gateway.ts";
import { silentLog } from "../rigs/ask.ts";
import { until } from "../rigs/until.ts";
import { startUpstream, type UpstreamRig } from "../rigs/upstream.ts";

/** The official client, as applications use it, against a gateway over two real HTTP upstreams. */
const text = "The quick brown fox jumps over the lazy dog and runs far away from here.";
const messages = [{ role: "user" as const, content: "Tell me about the fox." }];
let rigs: UpstreamRig[];
let gateway: RunningGateway;
let client: OpenAI;

beforeAll(async () => {
  rigs = [await startUpstream(), await startUpstream()];
  gateway = await startUpstreamGateway(
    { log: silentLog },
    { port: 0, upstreams: rigs.map(({ url }) => url) },
  );
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "unused", maxRetries: 0 });
});

beforeEach(() => {
  const calm = { fault: undefined, status: undefined, tokenMs: 0, delta: undefined, text };
  for (const rig of rigs) rig.be(calm);
});

afterAll(async () => {
  await gateway.close();
  for (const rig of rigs) await rig.close();
});

async function streamed(body: object = {}): Promise<string> {
  const stream = await client.chat.completions.create({ model: "known", messages, stream: true, ...body });
  let said = "";
  for await (const chunk of stream) said += chunk.choices[0]?.delta.content ?? "";
  return said;
}

describe("the official client", () => {
  test("streams", async () => {
    expect(await streamed()).toBe(text);
  });

  test("gets a whole answer, its request id and the extra field", async () => {
    const answer = await client.chat.completions.create({ model: "known", messages });
    expect(answer.choices[0]?.message.content).toBe(text);
    expect(answer._request_id).toMatch(/^req_/);
    expect(answer).toMatchObject({ holdfast: { finality: "stream", attempts: 1 } });
  });

  test("collects a stream into one message, with the extra fields harmless", async () => {
    const runner = client.chat.completions.stream({ model: "known", messages });
    const final = await runner.finalChatCompletion();
    expect(final.choices[0]).toMatchObject({
      message: { role: "assistant", content: text },
      finish_reason: "stop",
    });
  });

  test("sees one unbroken answer when its upstream breaks, also when collecting it", async () => {
    for (const rig of rigs) rig.be({ fault: { kind: "reset", after: 4 }, tokenMs: 1 });
    rigs[0]!.be({ fault: { kind: "cut", after: 9 } });
    const runner = client.chat.completions.stream({ model: "known", messages, temperature: 0 });
    const final = await runner.finalChatCompletion();
    expect(final.choices[0]).toMatchObject({ message: { content: text }, finish_reason: "stop" });
  });

  test("gets text completions", async () => {
    const answer = await client.completions.create({ model: "known", prompt: "Tell" });
    expect(answer.choices[0]?.text).toBe(text);
    const stream = await client.completions.create({ model: "known", prompt: "Tell", stream: true });
    let said = "";
    for await (const chunk of stream) said += chunk.choices[0]?.text ?? "";
    expect(said).toBe(text);
  });

  test("lists and retrieves models", async () => {
    const ids: string[] = [];
    for await (const model of client.models.list()) ids.push(model.id);
    expect(ids).toEqual(["known"]);
    expect((await client.models.retrieve("known")).id).toBe("known");
    await expect(client.models.retrieve("a/b")).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });

  test("hangs up, and the upstream is told within a second", async () => {
    for (const rig of rigs) {
      rig.hungUp = 0;
      rig.be({ tokenMs: 100 });
    }
    const stream = await client.chat.completions.create({ model: "known", messages, stream: true });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    await until(() => rigs[0]!.hungUp + rigs[1]!.hungUp === 1, 1000, "the upstream saw the connection close");
    const abort = new AbortController();
    for (const rig of rigs) rig.be({ fault: { kind: "hang", after: 0 } });
    const before = rigs[0]!.requests.length + rigs[1]!.requests.length;
    const whole = client.chat.completions.create({ model: "known", messages }, { signal: abort.signal });
    const refused = expect(whole).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
    await until(() => rigs[0]!.requests.length + rigs[1]!.requests.length > before, 1000, "it was asked");
    abort.abort();
    await refused;
    await until(() => rigs[0]!.hungUp + rigs[1]!.hungUp === 2, 1000, "the upstream saw the second one close");
  });

  test("throws its own error classes", async () => {
    for (const rig of rigs) rig.be({ status: 422 });
    await expect(streamed()).rejects.toBeInstanceOf(OpenAI.UnprocessableEntityError);
    for (const rig of rigs) rig.be({ status: 500 });
    const failure = await streamed().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OpenAI.InternalServerError);
    expect(failure).toMatchObject({ status: 502, code: "upstreams_failed", type: "server_error" });
    const bad = { model: "known", messages, holdfast: { witnesses: -1 } };
    await expect(client.chat.completions.create(bad)).rejects.toMatchObject({
      status: 400,
      param: "holdfast.witnesses",
    });
  });

  test("throws when an answer breaks off for good, after what stands", async () => {
    const delta = {
      at: 1,
      value: { tool_calls: [{ index: 0, id: "c", function: { name: "f", arguments: "{" } }] },
    };
    for (const rig of rigs) rig.be({ delta, fault: { kind: "cut", after: 4 } });
    const stream = await client.chat.completions.create({ model: "known", messages, stream: true });
    let said = "";
    const reading = (async () => {
      for await (const chunk of stream) said += chunk.choices[0]?.delta.content ?? "";
    })();
    await expect(reading).rejects.toMatchObject({ code: "answer_interrupted", type: "server_error" });
    expect(said).toBe("The brown fox");
  });
});
