import { createServer, type RequestListener } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { onLoopback } from "../../../test/rigs/loopback.ts";
import type { ModelId } from "../../domain/ids.ts";
import type { TokenEngine } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";
import { systemRandom as random } from "../system/random.ts";
import { createLlamaServerEngine } from "./llama-server-engine.ts";

/** A server that lies: what a real one says is tested with a real one, in test/real. */

const { signal } = new AbortController();
const size = 100;
const closers: Array<() => unknown> = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const settings = { logit_bias: [{ token: 2, bias: null }] };
const likely = (count: number) =>
  Array.from({ length: count }, (_, id) => ({ id, bytes: [65], logprob: -id / 10 }));
const shown = (top_logprobs: unknown, more: object = {}) => ({
  ...{ completion_probabilities: [{ top_logprobs }], generation_settings: settings },
  ...{ tokens_evaluated: 3, truncated: false, ...more },
});

interface Lies {
  /** What comes instead of the vocabulary, or of a position's candidates; a function writes the body itself. */
  readonly vocabulary?: unknown;
  readonly position?: unknown;
  readonly props?: unknown;
  readonly size?: number;
}

async function engineOver(lies: Lies): Promise<TokenEngine> {
  const answer: RequestListener = async (request, response) => {
    let text = "";
    for await (const piece of request) text += piece;
    const body = text === "" ? {} : JSON.parse(text);
    const { url } = request;
    const { size: many = size } = lies;
    const say = (value: unknown) =>
      typeof value === "function" ? value(response, body) : response.end(JSON.stringify(value));
    if (url === "/props")
      return say(
        lies.props ?? {
          ...{ build_info: "b1", total_slots: 1, default_generation_settings: { n_ctx: 512 } },
        },
      );
    if (url === "/v1/models") return say({ data: [{ meta: { n_vocab: many } }] });
    if (url === "/tokenize") return say({ tokens: body.content === "" ? [] : [5, 6, 7] });
    if (body.ignore_eos === true) return say(lies.vocabulary ?? shown(likely(many)));
    return say(lies.position ?? shown(likely(body.n_probs)));
  };
  const { url, stop } = await onLoopback(createServer(answer));
  closers.push(stop);
  const engine = await createLlamaServerEngine(
    { random },
    {
      ...{ url, model: `sha256:${"ab".repeat(32)}` as ModelId, name: "m" },
      ...{ slots: 4, contextTokens: 2048 },
    },
  );
  closers.push(engine.close);
  return engine;
}

const lookAt = async (position: unknown) => {
  const engine = await engineOver({ position });
  const sequence = await engine.open({ kind: "text", text: "a" }, 8);
  return sequence.next([], signal);
};

const garbage = (message: RegExp) => ({ code: "upstream-garbage", message: expect.stringMatching(message) });

test("what the server has bounds what the engine offers", async () => {
  const engine = await engineOver({});
  expect(engine).toMatchObject({ slots: 1, contextTokens: 512, sampled: true });
  expect(engine.profile).toBe("llama-server@b1 arithmetic=unknown");
});

describe("a server is refused with the reason when, for a position, it shows", () => {
  const twice = [...likely(63), { id: 0, bytes: [65], logprob: -1 }];
  const strange = [...likely(63), { id: size, bytes: [65], logprob: -1 }];
  test.each([
    ["too few candidates", shown(likely(20)), /20 candidates instead of 64/],
    ["too many", shown(likely(65)), /65 candidates instead of 64/],
    ["one of them twice", shown(twice), /63 candidates/],
    ["one that is no token", shown(strange), /not in its vocabulary/],
    ["no number", shown(likely(64).map((each) => ({ ...each, logprob: null }))), /another shape/],
    ["more than certainty", shown(likely(64).map((each) => ({ ...each, logprob: 5 }))), /another shape/],
    ["nothing", {}, /another shape/],
    ["another prefix's", shown(likely(64), { tokens_evaluated: 2 }), /other tokens than it was given/],
    ["a prompt it cut", shown(likely(64), { truncated: true }), /other tokens than it was given/],
  ])("%s", async (_, position, message) => {
    await expect(lookAt(position)).rejects.toMatchObject(garbage(message));
  });

  test("what is not JSON", async () => {
    const page = (response: { end(text: string): void }) => response.end("<html>");
    await expect(lookAt(page)).rejects.toMatchObject(garbage(/not JSON/));
  });

  test("a body without end", async () => {
    const flood = (response: { end(text: string): void }) =>
      response.end(" ".repeat(limits.engineReplyBytesMax + 1));
    await expect(lookAt(flood)).rejects.toMatchObject(garbage(/larger than any/));
  });
});

test("tokens far down its list are looked for in ever longer lists, and given up where no margin depends on them", async () => {
  const counts: number[] = [];
  const many = 40_000;
  const engine = await engineOver({
    size: many,
    position: (response: { end(text: string): void }, { n_probs }: { n_probs: number }) => {
      counts.push(n_probs);
      // Nearly alike down to the 1,000th, then far below.
      const falling = likely(n_probs).map((each, at) => ({ ...each, logprob: at < 1000 ? -1 : -9 }));
      response.end(JSON.stringify(shown(falling)));
    },
  });
  const sequence = await engine.open({ kind: "text", text: "a" }, 8);
  await sequence.next([], signal);
  const asked = async (ids: readonly number[]) => {
    counts.length = 0;
    return [await sequence.logitsOf(0, ids, signal), [...counts]];
  };
  expect(await asked([200])).toEqual([[-1], [256]]);
  expect(await asked([900]), "as good as any").toEqual([[-1], [256, 2048]]);
  expect(await asked([30_000]), "too far below the 64th").toEqual([[Number.NEGATIVE_INFINITY], [256, 2048]]);
  const [logits, lengths] = await asked([30_000, 39_999]);
  expect(logits, "all that a schema allows").toEqual([-9, -9]);
  expect(lengths).toEqual([256, 2048, 16_384, many]);
  expect(await asked([500, 39_999])).toEqual([
    [-1, Number.NEGATIVE_INFINITY],
    [256, 2048],
  ]);
  expect(await asked([0x7fff_ffff]), "no token at all").toEqual([[Number.NEGATIVE_INFINITY], [256]]);
});

test("a word that was aborted leaves nothing behind, however long the server takes", async () => {
  const engine = await engineOver({ position: () => {} });
  const sequence = await engine.open({ kind: "text", text: "a" }, 8);
  const gone = new AbortController();
  const word = sequence.next([9], gone.signal);
  setImmediate(() => gone.abort());
  await expect(word).rejects.toMatchObject({ name: "AbortError" });
});

test.each([
  ["a part of it", shown(likely(size - 1)), /a part of its vocabulary/],
  ["a token twice", shown([...likely(size - 1), likely(1)[0]]), /contradicts itself/],
  ["no end", { ...shown(likely(size)), generation_settings: { logit_bias: [] } }, /nothing ends/],
  ["bytes that are none", shown(likely(size).map((each) => ({ ...each, bytes: [256] }))), /another shape/],
])("a server is refused at the start for a vocabulary with: %s", async (_, vocabulary, message) => {
  await expect(engineOver({ vocabulary })).rejects.toMatchObject(garbage(message));
});
