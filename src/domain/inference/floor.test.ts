import { beforeEach, describe, expect, test } from "vitest";
import type { JobId, PeerId, SessionKey } from "../ids.ts";
import type { JobEffect } from "./effect.ts";
import type { JobEvent } from "./event.ts";
import { begin, step } from "./job.ts";
import { type Pace, paceAfter, paceUnknown } from "./pace.ts";
import type { Policy } from "./spec.ts";
import type { JobState, Prospect } from "./state.ts";

/** Who speaks when, by what each took before: driven by hand, at times of our own. */

/** Ready after 20 ms, 2 ms a token, first chunk after 40, chunks every 100 of 25 ms a token. */
const usual = Array.from({ length: 8 }).reduce<Pace>(
  (pace) => paceAfter(pace, { ready: 20, read: 2, first: 40, chunk: 100, token: 25, judge: 20 }),
  paceUnknown,
);

let now: number;
let state: JobState;
let effects: JobEffect[];
let known: readonly Prospect[];
let mayHedge: boolean;

beforeEach(() => {
  [now, effects, mayHedge] = [0, [], true];
});

function start(names: readonly string[], options: { past?: Pace; policy?: Partial<Policy> } = {}): void {
  known = names.map((name) => ({
    ...{ peer: name as PeerId, sessionKey: "00" as SessionKey, operator: name },
    ...{ witness: true, resume: true, rested: true, bonded: !name.startsWith("stranger") },
    past: options.past ?? usual,
  }));
  const policy: Policy = {
    ...{ finality: "stream", witnesses: 2, holdMs: 250, deadlineMs: 600_000, attemptsMax: 5 },
    ...options.policy,
  };
  const spec = { job: "job" as JobId, prompt: { kind: "text", text: "once" } as const, tokensMax: 200 };
  const staked = known.some(({ bonded }) => !bonded);
  take(begin({ spec, policy, prospects: known, tokensDefault: 512, contextTokens: 2048, staked }, now));
}

function take(done: { state: JobState; effects: readonly JobEffect[] }): void {
  state = done.state;
  effects.push(...done.effects);
  for (const effect of done.effects) {
    if (effect.kind !== "seek") continue;
    happen({ kind: "prospects", prospects: known.filter(({ peer }) => !effect.without.includes(peer)) });
  }
}

function happen(event: JobEvent): void {
  take(step(state, event, now, mayHedge));
}

/** Time passes by the job's own wakes. */
function wait(ms: number): void {
  const until = now + ms;
  for (let turn = 0; turn < 1_000; turn++) {
    const wake = effects.findLast((effect) => effect.kind === "wake");
    if (wake?.kind !== "wake" || wake.at > until) break;
    now = Math.max(now + 1, wake.at);
    happen({ kind: "tick" });
  }
  now = Math.max(now, until);
}

const partOf = (peer: string) => state.attempts.find((attempt) => attempt.peer === peer)!;
const opened = () => effects.flatMap((effect) => (effect.kind === "open" ? [effect.peer] : []));
const called = () => {
  const peers = new Map(effects.flatMap((each) => (each.kind === "open" ? [[each.attempt, each.peer]] : [])));
  return effects.flatMap((effect) => (effect.kind === "speak" ? [peers.get(effect.attempt)] : []));
};
const onFloor = () => state.floor.map(({ attempt }) => state.attempts.find(({ id }) => id === attempt)!.peer);
const outcomesOf = (peer: string) =>
  effects.flatMap((effect) => (effect.kind === "outcome" && effect.peer === peer ? [effect.outcome] : []));

function warm(...peers: string[]): void {
  for (const peer of peers) {
    const attempt = partOf(peer).id;
    happen({ kind: "ready", attempt, promptTokens: 6, promptDigest: "00".repeat(32) });
    happen({ kind: "read", attempt });
  }
}

function say(peer: string, tokens: number, branch = partOf(peer).drops.length): void {
  const start = state.held.reduce((sum, { chunk }) => sum + chunk.ids.length, 0);
  const ids = Array.from({ length: tokens }, (_, index) => start + index);
  const chunk = { start, ids, text: "a".repeat(tokens), signature: "" };
  happen({ kind: "chunk", attempt: partOf(peer).id, branch, chunk, authentic: true });
}

function judge(...peers: string[]): void {
  const last = state.held.at(-1)!.chunk;
  for (const peer of peers) {
    const { id: attempt, drops } = partOf(peer);
    happen({ kind: "judged", attempt, branch: drops.length, through: last.start + last.ids.length });
  }
}

describe("an executor that is late against its own past", () => {
  test("at the start: the follower that is furthest speaks, and the late one may still follow", () => {
    start(["hung", "first", "second", "third"]);
    now = 30;
    warm("first", "second");
    wait(200);
    expect(called()).toEqual(["hung", "first"]);
    say("first", 1);
    expect(onFloor()).toEqual(["first"]);
    expect(partOf("hung"), "still in the job").toBeDefined();
    expect(outcomesOf("hung")).toEqual(["late"]);
    expect(opened(), "nobody else was asked").toEqual(["hung", "first", "second"]);
    warm("hung");
    judge("hung");
    expect(state.held[0]!.accepts).toEqual(["hung"]);
  });

  test("goes on alone when its words come first after all", () => {
    start(["slow", "first", "second"]);
    warm("slow", "first");
    wait(250);
    expect(onFloor()).toEqual(["slow", "first"]);
    say("slow", 2);
    expect(onFloor()).toEqual(["slow"]);
    // What the other said meanwhile is void, and no offence.
    say("first", 2, 0);
    expect(state.held).toHaveLength(1);
    expect(outcomesOf("first")).toEqual([]);
    say("slow", 2);
    judge("first");
    expect(state.held.map(({ accepts }) => accepts)).toEqual([["first"], ["first"]]);
    expect(state.switches).toBe(0);
  });

  test("with all its followers: a further one is opened, if hedges are left", () => {
    start(["a", "b", "c", "d", "e", "f"]);
    wait(400);
    expect(opened().slice(0, 4)).toEqual(["a", "b", "c", "d"]);
    expect(called()).toContain("d");
    expect(effects.some((effect) => effect.kind === "open" && effect.hedge)).toBe(true);
  });

  test("with all its followers: nobody is opened on suspicion when no hedges are left", () => {
    mayHedge = false;
    start(["a", "b", "c", "d", "e"]);
    wait(2_400);
    expect(opened()).toEqual(["a", "b", "c"]);
    wait(200);
    expect(opened().length, "but in place of those given up").toBeGreaterThan(3);
  });
});

test("an executor of which nothing is known is late by what its peers took", () => {
  start(["hung", "first", "second"], { past: paceUnknown });
  now = 40;
  warm("first", "second");
  wait(300);
  expect(called()).toEqual(["hung", "first"]);
});

test("an executor of which nothing is known at all gets time to begin", () => {
  start(["slow", "other", "third", "fourth"], { past: paceUnknown });
  wait(2_000);
  expect(called()).toEqual(["slow"]);
  warm("slow");
  say("slow", 1);
  expect(onFloor()).toEqual(["slow"]);
});

describe("an executor that falls silent", () => {
  function stream(): void {
    start(["speaker", "first", "second", "third"]);
    warm("speaker", "first", "second");
    for (let turn = 0; turn < 6; turn++) {
      now += 100;
      say("speaker", 4);
      now += 20;
      judge("first", "second");
    }
  }

  test("is followed by whoever is warm, and by the next if that one is silent too", () => {
    stream();
    wait(240);
    expect(called()).toEqual(["speaker", "first"]);
    wait(120);
    expect(called()).toEqual(["speaker", "first", "second"]);
    say("second", 1);
    expect(onFloor()).toEqual(["second"]);
    expect(state.delivered, "before any judgement, no later than the hold").toBe(6);
    wait(60);
    expect(state.delivered).toBe(7);
    expect(state.switches).toBe(1);
  });

  test("has lost nothing when it comes back first", () => {
    stream();
    wait(240);
    say("speaker", 4);
    expect(onFloor()).toEqual(["speaker"]);
    judge("first");
    expect(outcomesOf("speaker")).toEqual(["late"]);
    expect(state).toMatchObject({ switches: 0, delivered: 7 });
  });

  test("is given up in the end", () => {
    stream();
    wait(240);
    say("first", 4);
    wait(4_000);
    expect(outcomesOf("speaker").slice(0, 2)).toEqual(["late", "silent"]);
  });
});

test("a stranger is not called before a follower that has a stake, however far it says it is", () => {
  start(["speaker", "witness", "stranger"]);
  warm("speaker", "witness", "stranger");
  for (let turn = 0; turn < 6; turn++) {
    now += 100;
    say("speaker", 4);
    judge("stranger");
    if (turn < 5) judge("witness");
  }
  happen({ kind: "lost", attempt: partOf("speaker").id, cause: "broken" });
  expect(called()).toEqual(["speaker", "witness"]);
});

test("an executor far slower than the follower would be hands over once, and follows", () => {
  start(["slow", "first", "second"]);
  warm("slow", "first", "second");
  for (let turn = 0; turn < 10 && onFloor().includes("slow" as PeerId); turn++) {
    now += 120;
    say("slow", 1);
    now += 5;
    judge("first", "second");
  }
  expect(onFloor()).toEqual(["first"]);
  say("first", 4);
  expect(state.held.at(-1)!.speaker).toBe("first");
  judge("slow");
  expect(state.held.at(-1)!.accepts).toEqual(["slow"]);
});

test("a witness that judges a little at a time and falls ever further behind is replaced", () => {
  start(["speaker", "first", "trickler", "other"]);
  warm("speaker", "first", "trickler");
  const trickler = partOf("trickler").id;
  for (let turn = 0; turn < 60 && outcomesOf("trickler").length === 0; turn++) {
    wait(100);
    say("speaker", 3);
    judge("first");
    // One chunk for every four that are said.
    const through = (3 * (turn + 1)) / 4;
    if (turn % 4 === 3) happen({ kind: "judged", attempt: trickler, branch: 0, through });
  }
  expect(outcomesOf("trickler")).toEqual(["silent"]);
});

test("one that joins after a drop is understood", () => {
  start(["liar", "first", "second", "third", "fourth"]);
  warm("liar", "first", "second");
  say("liar", 2);
  const reject = (peer: string) =>
    happen({ kind: "rejected", attempt: partOf(peer).id, branch: 0, start: 0, through: 2 });
  reject("first");
  reject("second");
  expect(outcomesOf("liar")).toEqual(["rejected"]);
  const speaker = onFloor()[0]!;
  say(speaker, 2);
  warm("third");
  judge("third");
  expect(state.held[0]!.accepts).toEqual(["third"]);
});
