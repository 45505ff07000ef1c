import { createServer, type RequestListener, type ServerResponse } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { onLoopback } from "../../../test/rigs/loopback.ts";
import type { ModelId } from "../../domain/ids.ts";
import type { TokenEngine } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";
import { createVllmEngine, type ModelWords } from "./vllm-engine.ts";

/**
 * A server that answers in vLLM's form, over real HTTP, and every way in which one could lie. test/real/vllm.test.ts puts
 * real logits into the same form, and test/long/real-vllm.test.ts asks a vLLM.
 */

const { signal } = new AbortController();
const size = 300;
const words: ModelWords = {
  size,
  knows: (id) => id >= 0 && id < size,
  promptIds: ({ kind }) => (kind === "text" ? [5, 6, 7] : [5]),
  text: (ids) => ids.join(" "),
  ends: (id) => id === 2,
};
const closers: Array<() => unknown> = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** Falling from `first`, which is the likeliest; in steps of a tenth. */
const logprobOf = (id: number, first: number) => -((id - first + size) % size) / 10;

function likely(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => (first + at) % size);
}

/** After the token before: so that no two positions are alike. */
function positionOf(ids: readonly number[], at: number, count: number) {
  const first = (ids[at - 1]! * 7 + at) % size;
  const listed = [ids[at]!, ...likely(first, count).filter((id) => id !== ids[at])];
  const entry = (id: number) => ({ logprob: logprobOf(id, first), rank: 1, decoded_token: `t${id}` });
  return Object.fromEntries(listed.map((id) => [String(id), entry(id)]));
}

interface Asked {
  readonly prompt: number[];
  readonly logprobs?: number;
  readonly prompt_logprobs?: number;
  readonly [key: string]: unknown;
}

function completion(body: Asked) {
  const { prompt, logprobs, prompt_logprobs } = body;
  const first = (prompt.at(-1)! * 7 + prompt.length) % size;
  const top = Object.fromEntries(
    likely(first, logprobs ?? 0).map((id) => [`token_id:${id}`, logprobOf(id, first)]),
  );
  return {
    ...{ id: "cmpl-1", object: "text_completion", created: 1, model: "served" },
    choices: [
      {
        ...{ index: 0, text: " x", finish_reason: "length", stop_reason: null, token_ids: [first] },
        logprobs: logprobs === undefined ? null : { tokens: [`token_id:${first}`], top_logprobs: [top] },
        prompt_logprobs:
          prompt_logprobs === undefined
            ? null
            : prompt.map((_, at) => (at === 0 ? null : positionOf(prompt, at, prompt_logprobs))),
        prompt_token_ids: prompt,
      },
    ],
    usage: { prompt_tokens: prompt.length, completion_tokens: 1, total_tokens: prompt.length + 1 },
  };
}

type Lie = (honest: ReturnType<typeof completion>, body: Asked, response: ServerResponse) => unknown;

interface Server {
  readonly models?: unknown;
  /** What comes instead of an honest completion, once the engine is open; undefined: it has answered by itself. */
  readonly lie?: Lie;
  /** The same already while it is tried out. */
  readonly lieAtOnce?: Lie;
}

async function engineOver({ models, lie, lieAtOnce }: Server = {}) {
  const asked: Asked[] = [];
  let isOpen = false;
  const answer: RequestListener = async (request, response) => {
    let text = "";
    for await (const piece of request) text += piece;
    const say = (value: unknown) => value !== undefined && response.end(JSON.stringify(value));
    if (request.url === "/version") return say({ version: "0.11.0" });
    if (request.url === "/v1/models")
      return say(models ?? { object: "list", data: [{ id: "served", object: "model", max_model_len: 512 }] });
    const body = JSON.parse(text) as Asked;
    asked.push(body);
    const honest = completion(body);
    const wrong = isOpen ? lie : lieAtOnce;
    return say(wrong === undefined ? honest : wrong(honest, body, response));
  };
  const { url, stop } = await onLoopback(createServer(answer));
  closers.push(stop);
  const engine: TokenEngine = await createVllmEngine(
    { words },
    {
      ...{ url: `${url}/v1`, upstreamModel: "served", name: "m", slots: 2 },
      ...{ model: `sha256:${"ab".repeat(32)}` as ModelId, contextTokens: 8192 },
    },
  );
  closers.push(engine.close);
  isOpen = true;
  asked.length = 0;
  return { engine, asked };
}

const open = async (server: Server = {}) => {
  const { engine, asked } = await engineOver(server);
  return { sequence: await engine.open({ kind: "text", text: "a" }, 8), asked };
};
const garbage = (message: RegExp) => ({ code: "upstream-garbage", message: expect.stringMatching(message) });

test("it says that it is unverified, whose arithmetic it has, and offers no more than the server has", async () => {
  const { engine } = await engineOver();
  expect(engine).toMatchObject({ slots: 2, contextTokens: 511, unverified: true });
  expect(engine.profile).toBe("vllm@0.11.0 arithmetic=unknown");
  expect(engine).not.toHaveProperty("sampled");
  expect(engine).not.toHaveProperty("vocabulary");
});

test("a window is never longer than an answer about it can be read", async () => {
  const models = { data: [{ id: "served", max_model_len: 1_000_000 }] };
  const { engine } = await engineOver({ models });
  expect(engine.contextTokens).toBe(limits.engineForcedTokensMax);
});

test("what another says is read in one step, every position of it, with nothing of the server's own sampler", async () => {
  const { sequence, asked } = await open();
  const lists = await sequence.judge([40, 41], signal);
  expect(lists.map((list) => list.length)).toEqual([64, 64]);
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatchObject({
    ...{ model: "served", prompt: [5, 6, 7, 40, 41], max_tokens: 1, prompt_logprobs: 64, temperature: 0 },
    ...{ top_p: 1, min_p: 0, repetition_penalty: 1, stream: false, return_token_ids: true },
  });
  const first = (7 * 7 + 3) % size;
  expect(lists[0]![0]).toEqual({ id: first, logit: 0 });
  const [logit] = await sequence.logitsOf(0, [40], signal);
  expect(logit, "of the token that stands there, though it is not among the 64").toBe(logprobOf(40, first));
  expect(asked, "known already").toHaveLength(1);
  const [other] = await sequence.logitsOf(0, [250], signal);
  expect(other).toBe(logprobOf(250, first));
  expect(await sequence.logitsOf(0, [0x7fff_ffff], signal)).toEqual([Number.NEGATIVE_INFINITY]);
});

test("to speak it asks what comes next, and goes on after what was dropped", async () => {
  const { sequence, asked } = await open();
  const candidates = await sequence.next([9], signal);
  expect(candidates).toHaveLength(64);
  expect(candidates[0]!.id).toBe((9 * 7 + 4) % size);
  expect(asked.at(-1)).toMatchObject({
    prompt: [5, 6, 7, 9],
    logprobs: 64,
    return_tokens_as_token_ids: true,
  });
  await sequence.keep(0);
  await sequence.next([11, 0x7fff_ffff], signal);
  expect(asked.at(-1)!.prompt, "what is no token is read as the first").toEqual([5, 6, 7, 11, 0]);
});

describe("a position is refused with the reason when", () => {
  const at = (change: (position: Record<string, unknown>) => unknown): Lie => {
    return (honest, body) => {
      if (body.prompt_logprobs === undefined) return honest;
      const [choice] = honest.choices as unknown as [{ prompt_logprobs: unknown[] }];
      const last = choice.prompt_logprobs.length - 1;
      choice.prompt_logprobs[last] = change(choice.prompt_logprobs[last] as Record<string, unknown>);
      return honest;
    };
  };
  /** But for so many, what stands there not among them. */
  const without = (count: number) => (position: Record<string, unknown>) => {
    const others = Object.entries(position).filter(([id]) => id !== said);
    return Object.fromEntries([[said, position[said]], ...others.slice(count)]);
  };
  const said = String(200);
  test.each<[string, Lie, RegExp]>([
    ["it is missing", at(() => null), /another shape/],
    ["it has too few candidates", at(without(20)), /candidates instead of 64/],
    [
      "it has too many",
      at((all) => ({ ...all, ...positionOf([7, 200], 1, 200) })),
      /candidates instead of 64/,
    ],
    [
      "it leaves out what stands there",
      at(({ [said]: _, ...rest }) => rest),
      /without the token that stands/,
    ],
    ["a logprob is no number", at((all) => ({ ...all, [said]: { logprob: "NaN" } })), /another shape/],
    ["a logprob is null", at((all) => ({ ...all, [said]: { logprob: null } })), /another shape/],
    ["a logprob is absurd", at((all) => ({ ...all, [said]: { logprob: -1e300 } })), /another shape/],
    ["an id is no number", at((all) => ({ ...all, abc: { logprob: -1 } })), /another shape/],
    ["an id is negative", at((all) => ({ ...all, "-4": { logprob: -1 } })), /another shape/],
    ["an id has two spellings", at((all) => ({ ...all, "007": { logprob: -1 } })), /another shape/],
    [
      "an id is beyond all vocabularies",
      at((all) => ({ ...all, 99999999: { logprob: -1 } })),
      /another shape/,
    ],
    [
      "an id is beyond this one",
      at((all) => ({ ...without(1)(all), [size]: { logprob: -1 } })),
      /not in its vocabulary/,
    ],
  ])("%s", async (_, lie, message) => {
    const { sequence } = await open({ lie });
    await expect(sequence.judge([40, 200], signal)).rejects.toMatchObject(garbage(message));
    await expect(sequence.judge([40, 200], signal), "nothing was appended").rejects.toMatchObject({
      code: "upstream-garbage",
    });
  });
});

describe("an answer is refused with the reason when it", () => {
  const choiceWith = (change: object): Lie => {
    return (honest) => ({ ...honest, choices: [{ ...honest.choices[0], ...change }] });
  };
  test.each<[string, Lie, RegExp]>([
    [
      "is about other tokens",
      choiceWith({ prompt_token_ids: [5, 6, 8, 40] }),
      /other tokens than it was given/,
    ],
    ["is about fewer", choiceWith({ prompt_token_ids: [5, 6, 7] }), /other tokens than it was given/],
    ["does not say about which", choiceWith({ prompt_token_ids: null }), /another shape/],
    ["has too few positions", choiceWith({ prompt_logprobs: [null, null] }), /2 positions instead of 4/],
    ["has none", choiceWith({ prompt_logprobs: null }), /another shape/],
    ["has no choice", (honest) => ({ ...honest, choices: [] }), /another shape/],
    [
      "has two",
      (honest) => ({ ...honest, choices: [honest.choices[0], honest.choices[0]] }),
      /another shape/,
    ],
    ["is no JSON", (_, __, response) => void response.end("<html>"), /not JSON/],
    [
      "has no end",
      (_, __, response) => void response.end(" ".repeat(limits.engineReplyBytesMax + 1)),
      /larger than any/,
    ],
  ])("%s", async (_, lie, message) => {
    const { sequence } = await open({ lie });
    await expect(sequence.judge([40], signal)).rejects.toMatchObject(garbage(message));
  });

  const top = (change: (all: Record<string, number>) => unknown): Lie => {
    return (honest) => {
      const [choice] = honest.choices as unknown as [{ logprobs: { top_logprobs: unknown[] } }];
      const all = choice.logprobs.top_logprobs[0] as Record<string, number>;
      choice.logprobs.top_logprobs = [change(all)];
      return honest;
    };
  };
  test.each<[string, Lie, RegExp]>([
    ["shows no next token", choiceWith({ logprobs: null }), /another shape/],
    [
      "shows fewer than 64",
      top((all) => Object.fromEntries(Object.entries(all).slice(0, 20))),
      /20 candidates/,
    ],
    ["names tokens by their text", top(() => ({ " the": -1 })), /another shape/],
    ["names one that is none", top((all) => ({ ...all, "token_id:4000": -1 })), /not in its vocabulary/],
    ["has no number for one", top((all) => ({ ...all, "token_id:9": null })), /another shape/],
  ])("%s", async (_, lie, message) => {
    const { sequence } = await open({ lie });
    await expect(sequence.next([40], signal)).rejects.toMatchObject(garbage(message));
  });
});

test("one more candidate than 64 is what was said there, and the least of them is left out", async () => {
  const lie: Lie = (honest) => {
    const [choice] = honest.choices as unknown as [{ logprobs: { top_logprobs: Record<string, number>[] } }];
    choice.logprobs.top_logprobs[0]!["token_id:299"] = -9999;
    return honest;
  };
  const { sequence } = await open({ lie });
  const candidates = await sequence.next([9], signal);
  expect(candidates).toHaveLength(64);
  expect(candidates.some(({ id }) => id === 299)).toBe(false);
});

test("what it refuses is not the application's fault, and is said with its remedy", async () => {
  const refuse: Lie = (_, __, response) => {
    response.writeHead(400, { "content-type": "application/json" });
    response.end(
      '{"error":{"message":"Requested prompt logprobs of 64, which is greater than max allowed: 20"}}',
    );
  };
  const refused = {
    ...{ code: "upstream-refused", fault: "environment" },
    remedy: expect.stringContaining("--max-logprobs 64"),
  };
  await expect(engineOver({ lieAtOnce: refuse })).rejects.toMatchObject(refused);
  const { sequence } = await open({ lie: refuse });
  await expect(sequence.judge([40], signal)).rejects.toMatchObject(refused);
});

test("a server that shows other numbers after a text than within it is refused at the start", async () => {
  // As one in mode processed_logprobs with a logits processor of its own would.
  const lieAtOnce: Lie = (honest, { logprobs }) => {
    if (logprobs === undefined) return honest;
    const [choice] = honest.choices as unknown as [{ logprobs: { top_logprobs: Record<string, number>[] } }];
    const [top] = choice.logprobs.top_logprobs;
    const sharper = Object.entries(top!).map(([id, logprob]) => [id, 5 * logprob]);
    choice.logprobs.top_logprobs = [Object.fromEntries(sharper)];
    return honest;
  };
  await expect(engineOver({ lieAtOnce })).rejects.toMatchObject({
    ...{ code: "upstream-garbage", fault: "environment" },
    remedy: expect.stringContaining("raw_logprobs"),
  });
});

test.each([
  ["another model", { data: [{ id: "other", max_model_len: 512 }] }],
  ["no window", { data: [{ id: "served", max_model_len: null }] }],
  ["no list", { data: 7 }],
])("a server that lists %s is refused at the start", async (_, models) => {
  await expect(engineOver({ models })).rejects.toMatchObject({ code: "upstream-garbage" });
});

test("a word that was aborted leaves nothing behind, however long the server takes", async () => {
  const { sequence, asked } = await open({ lie: () => undefined });
  const gone = new AbortController();
  const judged = sequence.judge([9], gone.signal);
  setImmediate(() => gone.abort());
  await expect(judged).rejects.toMatchObject({ name: "AbortError" });
  const next = new AbortController();
  const word = sequence.next([], next.signal);
  setImmediate(() => next.abort());
  await expect(word).rejects.toMatchObject({ name: "AbortError" });
  expect(asked.at(-1)?.prompt ?? [5, 6, 7]).toEqual([5, 6, 7]);
});

test("seats are given out and back, and a prompt that does not fit takes none", async () => {
  const { engine } = await engineOver();
  const held = [
    await engine.open({ kind: "text", text: "a" }, 8),
    await engine.open({ kind: "text", text: "b" }, 8),
  ];
  await expect(engine.open({ kind: "text", text: "c" }, 8)).rejects.toMatchObject({ code: "busy" });
  held[0]!.close();
  await held[0]!.next([], signal).catch(() => {});
  for (let turn = 0; turn < 3; turn += 1)
    await expect(engine.open({ kind: "text", text: "c" }, 509)).rejects.toMatchObject({
      ...{ code: "context-overflow", fault: "user" },
    });
  (await engine.open({ kind: "text", text: "c" }, 508)).close();
});
