import { beforeEach, describe, expect, test } from "vitest";
import type { Address, JobId, ModelId, SessionKey } from "../../domain/ids.ts";
import { fromBase64 } from "../../domain/verification/base64.ts";
import { embeddingStatement, type Vector } from "../../domain/verification/embedding.ts";
import { statementDigest } from "../../domain/verification/statement.ts";
import type { ChannelHandlers, EmbeddingEngine } from "../../ports.ts";
import type { Order, Word } from "../../protocol/attempt.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { createTimeline, type Timeline } from "../../simulator/timeline.ts";
import { embed } from "./embedding.ts";
import { byFirstOrder } from "./first-order.ts";

/** One attempt for vectors: what a provider says, and what it does not go along with. */
const market = { chainId: 1, bonds: `0x${"11".repeat(20)}` as Address };
const model = `sha256:${"cd".repeat(32)}` as ModelId;
const order = {
  ...{ t: "embed" as const, job: "ab".repeat(32) as JobId, model },
  ...{ inputs: ["one", "three"], deadlineMs: 60_000 },
};
let timeline: Timeline;
let words: Word[];
let closed: boolean;
let computed: string[];
let tell: ChannelHandlers<Order>;

beforeEach(() => {
  timeline = createTimeline();
  [words, closed, computed] = [[], false, []];
  const clock = timeline.clock();
  const engine: EmbeddingEngine = {
    ...{ kind: "embedding", model, name: "lengths", contextTokens: 8, slots: 1, profile: "p", dimensions: 1 },
    async embed(text) {
      if (text.length > 8) throw new HoldfastError("too long", { code: "context-overflow", fault: "user" });
      await new Promise<void>((resolve) => clock.after(10, resolve));
      computed.push(text);
      return { values: Float32Array.of(text.length), tokens: 1 };
    },
    close: async () => {},
  };
  const silent = () => {};
  tell = embed(
    {
      ...{ clock, market, engines: [engine], sequence: { next: () => 3 } },
      log: { debug: silent, info: silent, warn: silent, error: silent },
      signer: {
        sessionKey: "ee".repeat(32) as SessionKey,
        sign: (bytes) => Buffer.from(bytes).toString("base64"),
      },
    },
    {
      send: (word) => words.push(word),
      close: () => {
        closed = true;
      },
    },
  );
});

async function tellAll(...orders: Order[]): Promise<void> {
  for (const each of orders) tell.message(each);
  await timeline.run(timeline.now() + 1_000, () => false);
}

describe("an attempt for vectors", () => {
  test("gives one for each text, and signs for all of them", async () => {
    await tellAll(order);
    expect(words.map(({ t }) => t)).toEqual(["vector", "vector", "embedded"]);
    const vectors = words.flatMap((word): Vector[] =>
      word.t === "vector" ? [{ tokens: word.tokens, values: fromBase64(word.values)! }] : [],
    );
    expect(vectors.map(({ values }) => Buffer.from(values).readFloatLE())).toEqual([3, 5]);
    const last = words.at(-1) as Extract<Word, { t: "embedded" }>;
    const signed = statementDigest(
      market,
      embeddingStatement({ ...order, profile: "p" }, vectors, last.statement),
    );
    expect(last.statement.signature).toBe(Buffer.from(signed).toString("base64"));
    expect(closed).toBe(true);
  });

  test("ends in a refusal when a text is too long, the model another's, or the order no such order", async () => {
    await tellAll({ ...order, inputs: ["one", "much too long"] });
    expect(words.at(-1)).toMatchObject({ t: "refused", code: "context-overflow" });
    await tellAll(order);
    expect(words.at(-1)).toMatchObject({ t: "refused" });
  });

  test("takes one order and no other", async () => {
    await tellAll(order, { t: "speak", from: 0 });
    expect(words.at(-1)).toMatchObject({ t: "refused", code: "bad-request" });
    expect(closed).toBe(true);
  });

  test("computes nothing more once the gateway has hung up, or its time is over", async () => {
    tell.message(order);
    tell.closed({ code: "closed", detail: "" });
    await timeline.run(timeline.now() + 1_000, () => false);
    expect(computed.length).toBeLessThan(2);
    expect(words.filter(({ t }) => t !== "vector")).toEqual([]);
  });

  test("stops by itself at its deadline", async () => {
    await tellAll({ ...order, inputs: new Array(50).fill("a"), deadlineMs: 55 });
    expect(closed).toBe(true);
    expect(computed.length).toBeLessThan(8);
    expect(words.at(-1)?.t).toBe("vector");
  });
});

test("an attempt is for words or for vectors by its first order, and stays so", () => {
  const heard: string[] = [];
  const kind = (name: string) => () => ({
    message: ({ t }: Order) => heard.push(`${name} ${t}`),
    closed() {},
  });
  const attempt = byFirstOrder({ speak: kind("speak"), embed: kind("embed") });
  attempt.message(order);
  attempt.message({ t: "speak", from: 0 });
  expect(heard).toEqual(["embed embed", "embed speak"]);
});
