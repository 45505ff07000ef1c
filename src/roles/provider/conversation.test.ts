import { beforeEach, describe, expect, test } from "vitest";
import { createDisk } from "../../../test/rigs/disk.ts";
import { createTextEngine } from "../../../test/rigs/text-engine.ts";
import type { JobId, ModelId, SessionKey } from "../../domain/ids.ts";
import { chunkEnd } from "../../domain/inference/chunk.ts";
import { transcriptNext, transcriptStart } from "../../domain/inference/transcript.ts";
import type { ChannelHandlers, TextEngine } from "../../ports.ts";
import type { OpenOrder, Order, Word } from "../../protocol/attempt.ts";
import { HoldfastError, type HoldfastErrorOptions } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import { createSimulatedEngine, wordAt } from "../../simulator/engine.ts";
import { addressOf, createSalts, peerOf, simulatedMarket } from "../../simulator/identity.ts";
import { createTimeline, type Timeline } from "../../simulator/timeline.ts";
import { createKeptClosings } from "./closings.ts";
import { converse } from "./conversation.ts";
import { openVoice } from "./open-voice.ts";

/** One attempt on a simulated engine: what a provider says to what it is told, hostile gateways included. */

const model = { id: `sha256:${"cd".repeat(32)}` as ModelId, slots: 2, contextTokens: 256 };
const job = "ab".repeat(32) as JobId;
const open: Extract<Order, { t: "open" }> = {
  ...{
    t: "open",
    job,
    model: model.id,
    prompt: { kind: "text", text: "one two" },
    tokensMax: 12,
    tokensDefault: 64,
  },
  ...{
    sampling: { temperature: 0, topP: 1, seed: "00".repeat(32) },
    contextTokens: 256,
    holdMs: 250,
    deadlineMs: 60_000,
  },
};
const formed = { ...open.sampling, schema: '{"type":"null"}' };
const speaker = "ee".repeat(32) as SessionKey;

let timeline: Timeline;
let words: Word[];
let closed: boolean;
let tell: ChannelHandlers<Order>;
/** A further attempt on the same node. */
let connect: () => void;
let taken: () => number;
let refusesWith: HoldfastErrorOptions | undefined;
let textEngine: TextEngine | undefined;
let statements = 0;

beforeEach(() => {
  timeline = createTimeline();
  const clock = timeline.clock();
  const traits = { stepMs: 10, judgeMsPerToken: 2, noise: 0, otherModel: false, stalled: false };
  const engine = createSimulatedEngine(clock, "node", traits, model);
  taken = engine.taken;
  [refusesWith, textEngine] = [undefined, undefined];
  const silent = () => {};
  const sealed = new Map<JobId, string>();
  const ports = {
    ...{ clock, log: { debug: silent, info: silent, warn: silent, error: silent } },
    async openVoice(order: OpenOrder, signal: AbortSignal) {
      if (refusesWith !== undefined) throw new HoldfastError("not this prompt", refusesWith);
      return openVoice({ clock, engines: [textEngine ?? engine] }, order, signal);
    },
    ...{ node: addressOf(peerOf(0)), market: simulatedMarket, random: createSalts(peerOf(0), 1) },
    ...{ sequence: { next: () => (statements += 1) }, tolerances: () => undefined },
    signer: { sessionKey: speaker, sign: (bytes: Uint8Array) => Buffer.from(bytes).toString("base64") },
    verify: (_: SessionKey, bytes: Uint8Array, signature: string) =>
      Buffer.from(bytes).toString("base64") === signature,
    sealed: {
      put: (job: JobId, text: string) => void sealed.set(job, text),
      get: async (job: JobId) => sealed.get(job),
    },
    closings: createKeptClosings({ store: createDisk(), clock }),
  };
  connect = () => {
    [words, closed] = [[], false];
    const close = () => {
      closed = true;
    };
    tell = converse(ports, { send: (word) => words.push(word), close });
  };
  connect();
});

async function tellAll(...orders: Order[]): Promise<Word[]> {
  for (const order of orders) tell.message(order);
  await timeline.run(timeline.now() + 5_000, () => false);
  return words;
}
const kinds = () => words.map(({ t }) => t);
const refusal = () => words.at(-1) as Extract<Word, { t: "refused" }>;

describe("an attempt", () => {
  test("follows silently until told to speak, then says chunks up to the in-band end", async () => {
    await tellAll(open);
    expect(kinds()).toEqual(["ready", "read"]);
    await tellAll({ t: "speak", from: 0 });
    const chunks = words.flatMap((word) => (word.t === "chunk" ? [word.chunk] : []));
    expect(chunks[0]!.ids, "the first chunk is one token").toHaveLength(1);
    expect(chunks.map(({ start }) => start)).toEqual(
      chunks.map((_, at) => chunks.slice(0, at).flatMap(({ ids }) => ids).length),
    );
    expect(chunks.at(-1)!.end).toBeDefined();
    expect(chunks.slice(0, -1).every(({ end }) => end === undefined)).toBe(true);
  });

  test("judges what it is shown, goes on from it, and starts over from where it is told to drop", async () => {
    await tellAll(open);
    await tellAll(await spoken(4));
    expect(words[2]).toMatchObject({ t: "judged", branch: 0, through: 4 });
    await tellAll({ t: "speak", from: 4 });
    expect(words[3]).toMatchObject({ t: "chunk", branch: 0, chunk: { start: 4 } });
    const before = words.length;
    await tellAll({ t: "drop", to: 0, branch: 1 }, { t: "speak", from: 0 });
    expect(words[before]).toMatchObject({ t: "chunk", branch: 1, chunk: { start: 0 } });
  });

  test.each([
    [
      "other ids",
      (chunk: Chunk): Chunk => ({
        ...chunk,
        ids: [7, 7, 7, 7],
        text: [0, 1, 2, 3].map((at) => wordAt(at, 7)).join(""),
      }),
      "margin",
    ],
    ["other text", (chunk: Chunk): Chunk => ({ ...chunk, text: "something else" }), "text"],
    ["a false end", (chunk: Chunk): Chunk => ({ ...chunk, end: "stop" }), "end"],
    ["a false signature", (chunk: Chunk): Chunk => ({ ...chunk, signature: "AAAA" }), "signature"],
  ])("rejects %s", async (what, bend, reason) => {
    await tellAll(open);
    const said = await spoken(4);
    await tellAll({ ...said, chunk: sign(bend(said.chunk), what !== "a false signature") });
    expect(words[2]).toMatchObject({ t: "rejected", start: 0, through: 4, reason });
  });

  test("rejects what goes past its own limit, says nothing after it, and goes on when that is dropped", async () => {
    const { tokensMax: _, ...unlimited } = open;
    await tellAll({ ...unlimited, contextTokens: 8 });
    const before = await spoken(4);
    const ids = [1, 2, 3, 4];
    const text = ids.map((id, at) => wordAt(4 + at, id)).join("");
    const past = sign({ start: 4, ids, text, signature: "" }, true, [before.chunk]);
    await tellAll(before, { ...before, chunk: past }, { t: "speak", from: 8 });
    expect(words.slice(2)).toMatchObject([
      { t: "judged", through: 4 },
      { t: "rejected", start: 4, through: 8, at: 6, reason: "end" },
    ]);
    await tellAll({ t: "drop", to: 4, branch: 1 }, { t: "speak", from: 4 });
    expect(words[4]).toMatchObject({ t: "chunk", branch: 1, chunk: { start: 4 } });
  });

  test.each<[string, Order[], string]>([
    ["another model", [{ ...open, model: `sha256:${"00".repeat(32)}` as ModelId }], "unknown-model"],
    ["an answer that does not fit", [{ ...open, tokensMax: 300 }], "context-overflow"],
    ["a window larger than its own", [{ ...open, contextTokens: 512 }], "engine"],
    ["a second opening", [open, open], "bad-request"],
    ["a form that its engine cannot keep", [{ ...open, sampling: formed }], "engine"],
    ["a recall after an opening", [open, { t: "recall", job }], "bad-request"],
    [
      "vectors after an opening",
      [open, { t: "embed", job, model: model.id, inputs: ["x"], deadlineMs: 1_000 }],
      "bad-request",
    ],
    ["words before an opening", [{ t: "speak", from: 0 }], "bad-request"],
    ["speaking from the middle of nowhere", [open, { t: "speak", from: 5 }], "bad-request"],
  ])("refuses %s and frees its sequence", async (_, orders, code) => {
    await tellAll(...orders);
    expect(refusal()).toMatchObject({ t: "refused", code });
    expect(closed).toBe(true);
    expect(taken()).toBe(0);
  });

  test("keeps no more orders waiting than an answer has, however fast they come", async () => {
    tell.message(open);
    const chunk = { start: 0, ids: [1], text: "x".repeat(8_000), signature: "AAAA" };
    for (let told = 0; told < 3_000 && !closed; told++) tell.message({ t: "said", speaker, chunk });
    expect(refusal()).toMatchObject({ t: "refused", code: "bad-request" });
    await tellAll();
    expect(taken()).toBe(0);
  });

  test("counts sets that wait by how much is in them", async () => {
    tell.message(open);
    const member = { node: addressOf(peerOf(1)), sessionKey: speaker, profile: "p".repeat(256) };
    const set: Extract<Order, { t: "reveal" }>["set"] = {
      answer: { job, spec: job, input: job, transcript: job, tokens: 1 },
      committee: { kind: "client", secretHash: job },
      executor: member,
      witnesses: Array(limits.committeeMax).fill(member),
      commits: Array(limits.committeeMax).fill({ node: member.node, sealed: job, signature: "AAAA" }),
    };
    const text = JSON.stringify(set).length;
    for (let told = 0; told * text < limits.ordersWaitingUnitsMax; told++)
      tell.message({ t: "reveal", set, secret: job });
    expect(refusal()).toMatchObject({ t: "refused", code: "bad-request" });
  });

  test("seals of an answer that nobody watched as much as the application took, one and the same", async () => {
    await tellAll({ ...open, seal: true }, { t: "speak", from: 0 });
    const [first] = words.flatMap((word) => (word.t === "chunk" ? [word.chunk] : []));
    const [whole, commit] = [words.at(-1), { t: "commit", through: chunkEnd(first!), executor: "" } as const];
    const [part, again] = (await tellAll(commit, commit)).slice(-2);
    expect([whole, part]).toMatchObject(Array(2).fill({ commit: { sealed: expect.any(String) } }));
    expect(part).not.toMatchObject({ commit: (whole as { commit: object }).commit });
    expect(again).toEqual(part);
  });

  test("seals nothing over words of others that it would not have said, nor a second answer to a job", async () => {
    await tellAll({ ...open, seal: true });
    await tellAll(await spoken(4, true), { t: "speak", from: 4 });
    expect(kinds()).toContain("rejected");
    const sealed = ["commit" in words.at(-1)!];
    for (let again = 0; again < 2; again += 1) {
      connect();
      sealed.push("commit" in (await tellAll({ ...open, seal: true }, { t: "speak", from: 0 })).at(-1)!);
    }
    expect(sealed).toEqual([false, true, false]);
  });

  test("about an answer of long ago ends when nobody asks for minutes what was sealed", async () => {
    await tellAll({ ...open, seal: true }, { t: "speak", from: 0 });
    expect(words.at(-1)).toHaveProperty("commit");
    tell.closed({ code: "closed", detail: "" });
    connect();
    await tellAll({ t: "recall", job });
    expect(closed).toBe(false);
    await timeline.run(timeline.now() + limits.attemptIdleMsMax, () => false);
    expect(closed).toBe(true);
  });

  test("reads no form before there is a seat to keep to it", async () => {
    for (let seats = 0; seats < model.slots; seats++) {
      await tellAll(open);
      connect();
    }
    await tellAll({ ...open, sampling: formed });
    expect(refusal()).toMatchObject({ t: "refused", code: "busy" });
  });

  test("calls a prompt that its model cannot take a bad request, not its own failure", async () => {
    refusesWith = { code: "bad-messages", fault: "user" };
    await tellAll(open);
    expect(refusal()).toMatchObject({ t: "refused", code: "bad-request" });
  });

  test("stops and frees its sequence when the gateway goes, or the deadline passes", async () => {
    await tellAll(open);
    tell.closed({ code: "broken", detail: "" });
    expect(taken()).toBe(0);
  });

  test("of which nothing is asked for minutes ends with a word that says so, and frees its sequence", async () => {
    await tellAll({ ...open, deadlineMs: 600_000 });
    await timeline.run(timeline.now() + limits.attemptIdleMsMax - 10_000, () => false);
    expect(closed).toBe(false);
    await timeline.run(timeline.now() + limits.attemptIdleMsMax, () => false);
    expect(refusal()).toMatchObject({ t: "refused", code: "idle" });
    expect(taken()).toBe(0);
  });
});

test("of words by one speaker that wait together the last signature counts, since it is over all of them", async () => {
  await tellAll(open);
  const whole = await spoken(4);
  const { ids, text } = whole.chunk;
  const at = text.length / 2;
  const first = { start: 0, ids: ids.slice(0, 2), text: text.slice(0, at), signature: "AAAA" };
  const second = { start: 2, ids: ids.slice(2), text: text.slice(at), signature: "AAAA" };
  const show = (chunk: Chunk, by = speaker) => ({ t: "said" as const, speaker: by, chunk });
  const again = () => {
    tell.closed({ code: "closed", detail: "" });
    connect();
    return tellAll(open);
  };
  await tellAll(show(first), show(sign(second, true, [first])));
  expect(kinds().slice(2)).toEqual(["judged", "judged"]);
  await again();
  await tellAll(show(first), show(second));
  expect(words[3], "nobody signed the first either").toMatchObject({
    ...{ t: "rejected", start: 0, through: 4, reason: "signature" },
  });
  await again();
  await tellAll(show(first, "00".repeat(32) as SessionKey), show(sign(second, true, [first])));
  expect(words[2], "another's covers nothing").toMatchObject({
    t: "rejected",
    start: 0,
    reason: "signature",
  });
});

describe("a speaker that is interrupted", () => {
  /** Everything it says when it is left alone. */
  async function leftAlone(): Promise<number[]> {
    await tellAll(open, { t: "speak", from: 0 });
    const ids = idsSaid();
    tell.closed({ code: "closed", detail: "" });
    connect();
    return ids;
  }
  const said = () => words.flatMap((word) => (word.t === "chunk" ? [word.chunk] : []));
  const idsSaid = () => said().flatMap(({ ids }) => ids);

  /** It has said something, and waits. A commit stops it between two chunks, where its last token is read by nobody. */
  async function stopped(): Promise<number> {
    tell.message(open);
    tell.message({ t: "speak", from: 0 });
    await timeline.run(timeline.now() + 5_000, () => said().length === 1);
    await tellAll({ t: "commit", through: said()[0]!.ids.length, executor: "simulated" });
    expect(kinds().at(-1)).toBe("committed");
    expect(said().at(-1)!.end).toBeUndefined();
    return idsSaid().length;
  }

  test("goes on as if it had not been when nothing of what it said is dropped", async () => {
    const whole = await leftAlone();
    const end = await stopped();
    await tellAll({ t: "drop", to: end, branch: 1 }, { t: "speak", from: end });
    expect(idsSaid()).toEqual(whole);
  });

  test("reads its own last word before another's, and goes on from both", async () => {
    const whole = await leftAlone();
    const end = await stopped();
    const ids = whole.slice(end, end + 2);
    const text = ids.map((id, at) => wordAt(end + at, id)).join("");
    const chunk = sign({ start: end, ids, text, signature: "" }, true, said());
    await tellAll({ t: "said", speaker, chunk }, { t: "speak", from: end + 2 });
    expect(words).toContainEqual(expect.objectContaining({ t: "judged", through: end + 2 }));
    expect([
      ...whole.slice(0, end + 2),
      ...said().flatMap((each) => (each.start > end ? each.ids : [])),
    ]).toEqual(whole);
  });

  test("drops no half of a chunk, or it would sign for a sentence that it had not read", async () => {
    await tellAll(open);
    await tellAll(await spoken(4), { t: "drop", to: 2, branch: 1 });
    expect(refusal()).toMatchObject({ t: "refused", code: "bad-request" });
  });
});

describe("an attempt on an engine that only gives text", () => {
  const said = (resume: boolean) => {
    textEngine = createTextEngine(model.id, "once upon a time", resume);
    const ids = [..."once "].map((character) => character.codePointAt(0)!);
    return { t: "said", speaker, chunk: { start: 0, ids, text: "once ", signature: "AAAA" } } as const;
  };

  test("goes on from what another said, without a word about it", async () => {
    await tellAll(open, said(true), { t: "speak", from: 5 });
    expect(kinds()).not.toContain("judged");
    const text = words.flatMap((word) => (word.t === "chunk" ? [word.chunk.text] : [])).join("");
    expect(text).toBe("upon a time");
    expect(words.at(-1)).toMatchObject({ t: "chunk", chunk: { end: "stop" } });
  });

  test("refuses to follow when it cannot go on either", async () => {
    await tellAll(open, said(false));
    expect(refusal()).toMatchObject({ t: "refused", code: "cannot-witness" });
  });
});

type Chunk = Extract<Order, { t: "said" }>["chunk"];

/** What another node with the same model says first; to be called once this one is ready. */
async function spoken(tokens: number, otherModel = false): Promise<Extract<Order, { t: "said" }>> {
  const engine = createSimulatedEngine(
    timeline.clock(),
    "other",
    { stepMs: 1, judgeMsPerToken: 1, noise: 0, otherModel, stalled: false },
    model,
  );
  const sequence = await engine.open(open.prompt, 1);
  const ids: number[] = [];
  const signal = new AbortController().signal;
  const saying = (async () => {
    while (ids.length < tokens) ids.push((await sequence.next(ids.slice(-1), signal))[0]!.id);
  })();
  await timeline.run(timeline.now() + 1_000, () => ids.length === tokens);
  await saying;
  return {
    t: "said",
    speaker,
    chunk: sign({ start: 0, ids, text: sequence.text(ids, []), signature: "" }, true),
  };
}

/** `before`: the chunks it goes on from. */
function sign(chunk: Chunk, rightly: boolean, before: readonly Chunk[] = []): Chunk {
  if (!rightly) return { ...chunk, signature: "AAAA" };
  const ready = words.find((word) => word.t === "ready")!;
  const digest = [...before, chunk].reduce(transcriptNext, transcriptStart(job, ready.promptDigest));
  return { ...chunk, signature: Buffer.from(digest).toString("base64") };
}
