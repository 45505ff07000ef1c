import { beforeEach, describe, expect, test } from "vitest";
import type { JobId, PeerId, SessionKey } from "../ids.ts";
import type { JobEffect, Verdict } from "./effect.ts";
import type { JobEvent } from "./event.ts";
import { begin, step } from "./job.ts";
import { paceUnknown } from "./pace.ts";
import type { Policy } from "./spec.ts";
import type { JobState, Prospect } from "./state.ts";

/** The end of an answer whose tokens were accepted: what becomes of it by what commit and reveal come to. */

let now: number;
let state: JobState;
let effects: JobEffect[];
let known: readonly Prospect[];

beforeEach(() => {
  [now, effects, known] = [0, [], prospects];
});

const names = ["speaker", "one", "two", "heir"];
const prospects: readonly Prospect[] = names.map((name) => ({
  ...{ peer: name as PeerId, sessionKey: "00" as SessionKey, operator: name, past: paceUnknown },
  ...{ witness: true, resume: true, rested: true, bonded: true },
}));

function take(done: { state: JobState; effects: readonly JobEffect[] }): void {
  state = done.state;
  effects.push(...done.effects);
  for (const effect of done.effects) {
    if (effect.kind !== "seek") continue;
    happen({ kind: "prospects", prospects: known.filter(({ peer }) => !effect.without.includes(peer)) });
  }
}

function happen(event: JobEvent): void {
  take(step(state, event, now, true));
}

function idOf(peer: string): number {
  return state.attempts.find((attempt) => attempt.peer === peer)!.id;
}

/** An answer of four tokens, said by `peer` and accepted by everybody who follows. */
function answer(peer: string, signature: string): void {
  const attempt = idOf(peer);
  const { drops } = state.attempts.find(({ id }) => id === attempt)!;
  const chunk = { start: 0, ids: [1, 2, 3, 4], text: signature, end: "length" as const, signature };
  happen({ kind: "chunk", attempt, branch: drops.length, chunk, authentic: true });
  for (const { id, drops: known } of state.attempts) {
    if (id !== attempt) happen({ kind: "judged", attempt: id, branch: known.length, through: 4 });
  }
}

function beginWith(
  wanted: Pick<Policy, "finality" | "witnesses"> & Partial<Policy>,
  tokensMax: number,
): void {
  const policy: Policy = { holdMs: 250, deadlineMs: 600_000, attemptsMax: 5, ...wanted };
  const spec = { job: "ab".repeat(32) as JobId, prompt: { kind: "text", text: "once" } as const, tokensMax };
  const size = { tokensDefault: 512, contextTokens: 2048 };
  take(begin({ spec, policy, prospects: known, staked: false, ...size }, now));
  for (const { id } of state.attempts) open(id);
}

function start(finality: Policy["finality"], waits: Pick<Policy, "beaconMs"> = {}): void {
  beginWith({ finality, witnesses: 2, ...waits }, 4);
  answer("speaker", "first");
}

/** One speaker says four tokens of eight, and the application wants no more of them. */
function startUnwatched(speaker: Partial<Prospect> = {}, policy: Partial<Policy> = {}): void {
  known = [{ ...prospects[0]!, ...speaker }];
  beginWith({ finality: "none", witnesses: 0, ...policy }, 8);
  const chunk = { start: 0, ids: [102, 111, 117, 114], text: "four", signature: "" };
  happen({ kind: "chunk", attempt: idOf("speaker"), branch: 0, chunk, authentic: true });
  happen({ kind: "satisfied" });
}

function open(attempt: number): void {
  happen({ kind: "ready", attempt, promptTokens: 3, promptDigest: "00".repeat(32) });
  happen({ kind: "read", attempt });
}

type Blame = [peer: string, outcome: "rejected" | "silent"];

function proved(verdict: Verdict, blamed: readonly Blame[] = [], undecided = false): void {
  const who = blamed.map(([peer, outcome]) => ({ attempt: idOf(peer), outcome }));
  happen({ kind: "proved", finding: { verdict, blamed: who, undecided } });
}

/** The committee came to nothing that one more witness could not settle. */
function undecided(...blamed: Blame[]): void {
  proved("inconclusive", blamed, true);
}

/** The further witness reads the prompt and all of the answer. */
function reads(peer: string): void {
  const attempt = idOf(peer);
  open(attempt);
  happen({ kind: "judged", attempt, branch: 0, through: 4 });
}

const of = <Kind extends JobEffect["kind"]>(kind: Kind) =>
  effects.filter((effect): effect is Extract<JobEffect, { kind: Kind }> => effect.kind === kind);
const outcomesOf = (peer: string) =>
  of("outcome").flatMap((effect) => (effect.peer === peer ? [effect.outcome] : []));

describe("an answer whose tokens were accepted", () => {
  test("is proved once, by whoever saw all of it, before it ends", () => {
    start("stream");
    expect(of("prove")).toMatchObject([
      { executor: idOf("speaker"), witnesses: [idOf("one"), idOf("two")], tokens: 4, tokensMax: 4 },
    ]);
    expect(of("finish")).toEqual([]);
    proved("valid");
    expect(of("finish")).toMatchObject([{ verdict: "valid", basis: "fingerprint" }]);
  });

  test("rests on its tokens when the proof shows nothing, or never comes", () => {
    start("stream");
    proved("inconclusive");
    expect(of("finish")).toMatchObject([{ verdict: "valid", basis: "tokens" }]);
    [now, effects] = [0, []];
    start("stream");
    now += 60_000;
    happen({ kind: "tick" });
    expect(of("finish")).toMatchObject([{ verdict: "valid", basis: "tokens" }]);
  });

  test("delivered and then disproved says so, and its speaker is held responsible", () => {
    start("stream");
    proved("invalid", [["speaker", "rejected"]]);
    expect(of("finish")).toMatchObject([{ verdict: "invalid", basis: "fingerprint" }]);
    expect(outcomesOf("speaker")).toEqual(["rejected"]);
    expect(outcomesOf("one")).toEqual(["completed"]);
  });

  test("keeps its verdict when a witness was false", () => {
    start("stream");
    proved("valid", [["two", "rejected"]]);
    expect(of("finish")).toMatchObject([{ verdict: "valid", basis: "fingerprint" }]);
    expect(outcomesOf("two")).toEqual(["rejected"]);
  });
});

describe('with finality "final"', () => {
  test("nothing leaves before the proof, and all of it after", () => {
    start("final");
    expect(of("deliver")).toEqual([]);
    proved("valid");
    expect(of("deliver").map(({ text }) => text)).toEqual(["first"]);
    expect(of("finish")).toMatchObject([{ verdict: "valid", basis: "fingerprint" }]);
  });

  test("a disproved answer is dropped and said again by somebody else", () => {
    start("final");
    proved("invalid", [["speaker", "rejected"]]);
    expect(outcomesOf("speaker")).toEqual(["rejected"]);
    expect(of("deliver")).toEqual([]);
    open(idOf("heir"));
    answer("one", "second");
    expect(of("prove")).toHaveLength(2);
    proved("valid");
    expect(of("deliver").map(({ text }) => text)).toEqual(["second"]);
    expect(of("finish")).toMatchObject([{ executor: "one", verdict: "valid", basis: "fingerprint" }]);
  });

  test("one that is wrong by nobody's fault who can be named is said anew from its beginning, by whoever is there", () => {
    start("final");
    proved("invalid");
    expect(state.held).toEqual([]);
    expect(["speaker", "one", "two"].flatMap(outcomesOf)).toEqual([]);
    answer(state.attempts.find(({ id }) => of("speak").at(-1)?.attempt === id)!.peer, "second");
    proved("valid");
    expect(of("deliver").map(({ text }) => text)).toEqual(["second"]);
  });

  test("who did not testify leaves, and another says the last chunk again and answers for the whole", () => {
    start("final");
    proved("inconclusive", [["speaker", "silent"]]);
    expect(outcomesOf("speaker")).toEqual(["silent"]);
    expect(of("fail")).toEqual([]);
    open(idOf("heir"));
    answer("one", "second");
    expect(of("prove").at(-1)).toMatchObject({ round: 2, executor: idOf("one") });
    proved("valid");
    expect(of("finish")).toMatchObject([{ executor: "one", verdict: "valid", basis: "fingerprint" }]);
  });

  test("an answer that could not be proved is no answer", () => {
    start("final");
    proved("inconclusive");
    expect(of("deliver")).toEqual([]);
    expect(of("fail")).toMatchObject([{ code: "not-final" }]);
  });
});

describe("a committee that one more witness could help", () => {
  test("meets again with one that has read the whole answer, and then decides", () => {
    start("stream");
    undecided();
    expect(of("finish")).toEqual([]);
    expect(of("prove"), "not before it has read").toHaveLength(1);
    reads("heir");
    const all = ["one", "two", "heir"].map(idOf);
    expect(of("prove")[1]).toMatchObject({ round: 2, executor: idOf("speaker"), witnesses: all });
    proved("valid", [["two", "rejected"]]);
    expect(of("finish")).toMatchObject([{ verdict: "valid", basis: "fingerprint" }]);
    expect(outcomesOf("two")).toEqual(["rejected"]);
  });

  test("meets without those who kept their envelopes closed", () => {
    start("stream");
    undecided(["one", "silent"]);
    expect(outcomesOf("one")).toEqual(["silent"]);
    reads("heir");
    expect(of("prove")[1]).toMatchObject({ witnesses: [idOf("two"), idOf("heir")] });
  });

  test("asks nobody where nobody is left, and waits for nobody beyond its time", () => {
    known = prospects.slice(0, 3);
    start("stream");
    undecided();
    expect(of("finish")).toMatchObject([{ basis: "tokens" }]);
    [now, effects, known] = [0, [], prospects];
    start("stream");
    undecided();
    now += 60_000;
    happen({ kind: "tick" });
    expect(of("finish")).toMatchObject([{ verdict: "valid", basis: "tokens" }]);
  });

  test("is not asked for what would make a whole answer late", () => {
    start("stream");
    now = 595_000;
    undecided();
    expect(of("finish")).toMatchObject([{ verdict: "valid", basis: "tokens" }]);
    [now, effects] = [0, []];
    start("stream");
    now = 599_900;
    happen({ kind: "tick" });
    expect([of("fail"), of("finish").length]).toEqual([[], 1]);
  });
});

test("where a block decides what is opened it is waited for longer, and its absence is named", () => {
  start("final", { beaconMs: 60_000 });
  now = 63_999;
  happen({ kind: "tick" });
  expect(of("fail")).toEqual([]);
  now = 64_000;
  happen({ kind: "tick" });
  expect(of("fail")).toMatchObject([{ code: "no-beacon" }]);
});

describe("an answer that nobody watches and the application ends", () => {
  const kinds = () => effects.map(({ kind }) => kind);

  test("ends once its speaker was asked to seal it, alone", () => {
    startUnwatched();
    expect(effects).toContainEqual({ kind: "seal", attempt: idOf("speaker"), tokens: 4 });
    expect(kinds()).not.toContain("finish");
    proved("inconclusive");
    expect(effects).toContainEqual(
      expect.objectContaining({ kind: "finish", verdict: "inconclusive", basis: "none" }),
    );
  });

  test("ends without a seal when none comes", () => {
    startUnwatched();
    now = 1_500;
    happen({ kind: "tick" });
    expect(kinds()).toContain("finish");
  });

  test("ends at once where nobody could seal it, or not in time", () => {
    startUnwatched({ witness: false });
    expect(kinds()).toContain("finish");
    effects = [];
    startUnwatched({}, { deadlineMs: 1_000 });
    expect(kinds()).toContain("finish");
    expect(kinds()).not.toContain("seal");
  });
});
