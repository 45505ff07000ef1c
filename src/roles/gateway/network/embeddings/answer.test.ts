import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Classes } from "../../../../domain/verification/classes.ts";
import { quorumOf } from "../../../../domain/verification/replication.ts";
import type { EmbeddingEngine } from "../../../../ports.ts";
import { HoldfastError } from "../../../../protocol/errors.ts";
import { limits } from "../../../../protocol/limits.ts";
import { createApplication, type Seen } from "../../../../simulator/application.ts";
import { createChance } from "../../../../simulator/chance.ts";
import { createGateway } from "../../../../simulator/gateway.ts";
import {
  addressOf,
  createSalts,
  createSigner,
  peerOf,
  simulatedMarket,
  simulatedTolerance,
  verify,
} from "../../../../simulator/identity.ts";
import { createLedger } from "../../../../simulator/ledger.ts";
import { createMarketplace } from "../../../../simulator/marketplace.ts";
import { createNetwork } from "../../../../simulator/network.ts";
import { modelId } from "../../../../simulator/node.ts";
import { createTimeline, type MachineClock } from "../../../../simulator/timeline.ts";
import { startProvider } from "../../../provider/provider.ts";

/** The network backend over simulated providers of vectors, each with a way of its own to be of no help. */
const ways = [
  "honest",
  "lies",
  "dead",
  "hangs",
  "stalls",
  "other-profile",
  "too-long",
  "busy",
  "slow",
  "stranger",
  "sybil",
  "other-labels",
] as const;
type Way = (typeof ways)[number];

const silent = () => {};

async function createWorld(nodes: readonly Way[], classes?: Classes) {
  const timeline = createTimeline();
  const chance = createChance(3);
  const network = createNetwork(timeline, chance.child("network"), { delayMsMean: 2, refusal: 0 });
  const gossip = { delayMsMean: 5, loss: 0, duplication: 0 };
  const marketplace = createMarketplace(timeline, chance.child("market"), gossip);
  const ledger = createLedger(timeline);
  /** How attempts ended that did not end well. */
  const outcomes: unknown[] = [];
  const info = (_: string, facts: Record<string, unknown> = {}) => void outcomes.push(facts["outcome"]);
  const log = { debug: silent, info, warn: silent, error: silent };
  const gateway = createGateway({ timeline, network, marketplace, ledger, log }, chance.child("gateway"), {
    ...{ name: "gateway", deadlineMs: 60_000, defaults: { finality: "stream", witnesses: 2, holdMs: 250 } },
  });
  for (const [index, way] of nodes.entries()) {
    const peer = peerOf(index);
    const clock = timeline.clock();
    let seq = 0;
    if (way !== "stranger" && way !== "sybil") ledger.stake(addressOf(peer), 1n);
    await startProvider(
      {
        ...{ listener: network.listener(peer), market: marketplace.provider(peer, clock, { seq: 0 }) },
        ...{ clock, log, verify, engines: [engineOf(way, clock, classes)], signer: createSigner(peer, 1) },
        ...{ random: createSalts(peer, 1), sequence: { next: () => (seq += 1) } },
        tolerances: () => simulatedTolerance,
        sealed: { put: () => {}, get: async () => undefined },
      },
      {
        identity: { node: addressOf(peer), market: simulatedMarket },
        ...{ certificate: "00".repeat(32), endpoints: [], priceIn: "0", priceOut: "0" },
        domain: { operator: `operator-${index}`, region: "", build: "", hardware: "" },
      },
    );
  }
  await timeline.run(1_000, () => false);
  for (const [index, way] of nodes.entries()) {
    if (way === "dead") network.kill(peerOf(index));
    if (way === "hangs") network.hang(peerOf(index), true);
  }
  return {
    peers: nodes.map((_, index) => peerOf(index)),
    outcomes,
    async ask(
      body: Record<string, unknown>,
      endpoint: "embeddings" | "classify" | "completions" = "embeddings",
    ): Promise<Seen> {
      const { reply, seen } = createApplication(timeline.now, { events: true, ended: () => {} });
      const whole = { model: "vectors", input: ["one", "three"], ...body };
      gateway.backend().answer({ endpoint, requestId: "r", body: whole, raw: "", headers: {}, reply });
      await timeline.run(timeline.now() + 70_000, () => seen.ends > 0);
      return seen;
    },
    /** Lets those that are still asked be heard out, and tells how many answers are under way after that. */
    async leftOver(): Promise<number> {
      await timeline.run(timeline.now() + limits.embeddingAfterMsMax + 1_000, () => false);
      return (gateway.backend().status()["running"] as number) ?? 0;
    },
  };
}

function engineOf(way: Way, clock: MachineClock, classes?: Classes): EmbeddingEngine {
  return {
    ...{ kind: "embedding", model: modelId, name: "vectors", contextTokens: 64, slots: 4, dimensions: 2 },
    ...(classes && { classes: way === "other-labels" ? { ...classes, labels: ["no", "yes"] } : classes }),
    profile: way === "other-profile" || way === "sybil" ? "another" : "common",
    async embed(text) {
      if (way === "too-long")
        throw new HoldfastError("too long", { code: "context-overflow", fault: "user" });
      if (way === "busy") throw new HoldfastError("busy", { code: "busy", fault: "peer" });
      if (way === "slow") await new Promise<void>((resolve) => clock.after(5_500, resolve));
      if (way === "stalls") await new Promise<void>(() => {});
      await new Promise<void>((resolve) => clock.after(20, resolve));
      const first = way === "lies" || way === "sybil" ? 0.5 : way === "other-profile" ? 0.75 : 1;
      return { values: Float32Array.of(first, text.length), tokens: 1 };
    },
    close: async () => {},
  };
}

// biome-ignore lint/suspicious/noExplicitAny: a test looks wherever it likes.
const bodyOf = (seen: Seen): any => seen.events[0];
const firstOf = (seen: Seen): number => bodyOf(seen).data[0].embedding[0];

describe("vectors over the network", () => {
  test("are valid when a quorum gives the same, whatever one of them does", async () => {
    for (const way of ways.filter((each) => each !== "stranger" && each !== "sybil")) {
      const world = await createWorld(["honest", way, "honest"]);
      const seen = await world.ask({});
      expect(bodyOf(seen), way).toMatchObject({ holdfast: { verdict: "valid", basis: "replication" } });
      expect(bodyOf(seen).data).toHaveLength(2);
      expect(firstOf(seen)).toBe(1);
      expect(await world.leftOver(), "nothing is left under way").toBe(0);
    }
  });

  test("leave a receipt only where it was asked for, and can be checked with the texts in it", async () => {
    const world = await createWorld(["honest", "honest", "honest"]);
    expect(bodyOf(await world.ask({})).holdfast).not.toHaveProperty("receipt");
    const { job, receipt } = bodyOf(await world.ask({ holdfast: { receiptPrompt: true } })).holdfast;
    expect(receipt).toBe(`/v1/receipts/${job}`);
  });

  test("need others where two differ, and are refused while nobody is left to decide", async () => {
    const two = await createWorld(["honest", "lies"]);
    expect(await two.ask({ holdfast: { witnesses: 1 } })).toMatchObject({
      status: 502,
      error: { code: "disputed" },
    });
    const three = await createWorld(["lies", "honest", "honest"]);
    const seen = await three.ask({ holdfast: { witnesses: 1 } });
    expect(bodyOf(seen)).toMatchObject({ holdfast: { verdict: "valid" } });
    expect(firstOf(seen)).toBe(1);
  });

  test("that could not be compared are inconclusive, and never final", async () => {
    const world = await createWorld(["honest", "other-profile", "dead"]);
    expect(bodyOf(await world.ask({}))).toMatchObject({
      holdfast: { verdict: "inconclusive", basis: "none" },
    });
    expect(await world.ask({ holdfast: { finality: "final" } })).toMatchObject({
      error: { code: "not_final" },
    });
    const alone = await createWorld(["honest", "honest"]);
    const unwatched = { holdfast: { finality: "none" } };
    expect(bodyOf(await alone.ask(unwatched))).toMatchObject({
      holdfast: { verdict: "inconclusive", attempts: 1 },
    });
  });

  test("that only strangers confirm are inconclusive where others have a stake", async () => {
    const world = await createWorld(["honest", "honest", "stranger", "stranger", "stranger"]);
    const { holdfast } = bodyOf(await world.ask({}));
    expect(holdfast).toMatchObject({ verdict: "valid" });
    const staked = [holdfast.executor, ...holdfast.witnesses].filter((peer) => world.peers.indexOf(peer) < 2);
    expect(staked).toHaveLength(2);
    const crowded = await createWorld(["honest", "honest", ...new Array<Way>(12).fill("sybil")]);
    expect(bodyOf(await crowded.ask({}))).toMatchObject({ holdfast: { verdict: "valid" } });
  });

  test("of texts that are too long are the application's mistake, by the word of more than one", async () => {
    const world = await createWorld(["too-long", "too-long", "too-long"]);
    expect(await world.ask({})).toMatchObject({ status: 400, error: { code: "context_length_exceeded" } });
  });

  test("are not refused for what two say at once, nor for what one says where others are busy or lost", async () => {
    const world = await createWorld(["too-long", "too-long", "honest", "honest"]);
    expect(bodyOf(await world.ask({}))).toMatchObject({ holdfast: { verdict: "valid" } });
    for (const others of [["busy", "busy"], ["dead"]] as const) {
      const few = await createWorld(["too-long", ...others]);
      expect(await few.ask({}), others[0]).toMatchObject({ status: 503, error: { code: "no_providers" } });
    }
    const busy = await createWorld(["busy", "busy"]);
    expect(await busy.ask({})).toMatchObject({ status: 429, error: { code: "busy" } });
  });

  test("of one that was not to be checked are not called a lie by one other's word", async () => {
    const world = await createWorld(["lies", "slow"]);
    const seen = await world.ask({ holdfast: { witnesses: 0 } });
    expect(bodyOf(seen)).toMatchObject({ holdfast: { verdict: "inconclusive", attempts: 2 } });
    await world.leftOver();
    expect(world.outcomes).not.toContain("rejected");
  });

  test("are asked for until the deadline and no longer when everybody hangs", async () => {
    const world = await createWorld(["stalls", "stalls"]);
    expect(await world.ask({})).toMatchObject({ status: 504, error: { code: "deadline" } });
  });

  test("end exactly once, and are never a lie that is called valid, whoever fails in whatever way", async () => {
    const nodes = fc.array(fc.constantFrom(...ways), { minLength: 1, maxLength: 7 });
    const wishes = fc.record({ witnesses: fc.nat(3), finality: fc.constantFrom("stream", "final") });
    await fc.assert(
      fc.asyncProperty(nodes, wishes, async (all, { witnesses, finality }) => {
        const world = await createWorld(all);
        const seen = await world.ask({ holdfast: { witnesses, finality } });
        expect(seen.ends).toBe(1);
        expect(await world.leftOver()).toBe(0);
        expect(seen.ends).toBe(1);
        const staked = all.filter((way) => way !== "stranger" && way !== "sybil").length;
        // Where fewer than two have a stake, nobody is a stranger.
        const liars = all.filter((way) => way === "lies" || (way === "sybil" && staked < 2)).length;
        if (bodyOf(seen)?.holdfast?.verdict !== "valid" || liars >= quorumOf(1 + witnesses)) return;
        expect(firstOf(seen)).not.toBe(0.5);
      }),
      { numRuns: 150 },
    );
  });
});

describe("classes over the network", () => {
  const classes: Classes = { labels: ["yes", "no"], activation: "softmax" };

  test("come in vLLM's form, by the same agreement", async () => {
    const world = await createWorld(["honest", "lies", "honest"], classes);
    const body = bodyOf(await world.ask({}, "classify"));
    expect(body).toMatchObject({
      ...{ object: "list", usage: { prompt_tokens: 2, total_tokens: 2 } },
      holdfast: { verdict: "valid", basis: "replication" },
      data: [
        { index: 0, label: "no", num_classes: 2 },
        { index: 1, label: "no", num_classes: 2 },
      ],
    });
    const [yes, no] = body.data[0].probs;
    expect(yes + no).toBeCloseTo(1, 9);
    expect(Math.log(no / yes)).toBeCloseTo(2, 9);
    const logits = bodyOf(await world.ask({ use_activation: false }, "classify"));
    expect(logits.data[0]).toMatchObject({ label: "no", probs: [1, 3] });
  });

  test("are asked of nobody whose labels are not those that most of the stake names", async () => {
    const world = await createWorld(["honest", "other-labels", "honest"], classes);
    const { data, holdfast } = bodyOf(await world.ask({}, "classify"));
    expect(data[0].label).toBe("no");
    expect([holdfast.executor, ...holdfast.witnesses]).not.toContain(world.peers[1]);
  });

  test("are refused where the model gives others, and what a classifier gives is no vector and no word", async () => {
    const refused = { status: 400, error: { code: "unsupported_model" } };
    const vectors = await createWorld(["honest", "honest"]);
    expect(await vectors.ask({}, "classify")).toMatchObject(refused);
    const classifier = await createWorld(["honest", "honest"], classes);
    expect(await classifier.ask({})).toMatchObject(refused);
    const words = await classifier.ask({ prompt: "a", input: undefined }, "completions");
    expect(words).toMatchObject(refused);
  });
});
