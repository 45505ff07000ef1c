import { beforeEach, describe, expect, test } from "vitest";
import type { JobId, PeerId, SessionKey } from "../ids.ts";
import type { JobEffect } from "./effect.ts";
import type { JobEvent } from "./event.ts";
import { begin, step } from "./job.ts";
import { type Pace, paceUnknown } from "./pace.ts";
import type { Policy } from "./spec.ts";
import type { JobState, Prospect } from "./state.ts";

/** One job, driven by hand: what one hostile or unlucky provider can do to it. Time passes only by its own wakes. */

const policy: Policy = {
  ...{ finality: "stream", witnesses: 2, holdMs: 250 },
  ...{ deadlineMs: 600_000, attemptsMax: 5 },
};
const prompt = { kind: "text", text: "once upon a time" } as const;
let now: number;
let state: JobState;
let effects: JobEffect[];
let known: readonly Prospect[];
let past: Pace;
let mayHedge: boolean;

beforeEach(() => {
  [now, effects, past, mayHedge] = [0, [], paceUnknown, true];
});

function start(
  names: readonly string[],
  changes: Partial<Policy> = {},
  witness = true,
  operator?: string,
  schema?: string,
): void {
  known = names.map((name) => ({ ...prospect(name, witness), operator: operator ?? name }));
  const sampling = schema === undefined ? {} : { schema };
  const spec = { job: "job" as JobId, prompt, tokensMax: undefined, sampling };
  const options = { spec, policy: { ...policy, ...changes }, tokensDefault: 512, contextTokens: 2048 };
  const staked = known.some(({ bonded }) => !bonded);
  take(begin({ ...options, staked, prospects: known }, now));
}

function prospect(peer: string, witness: boolean): Prospect {
  const key = { peer: peer as PeerId, sessionKey: "00" as SessionKey, operator: peer, past };
  const bonded = !peer.startsWith("stranger");
  return { ...key, witness, resume: true, rested: true, bonded };
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

/** Lets time pass to the next wake. */
function sleep(): void {
  const wake = effects.findLast((effect) => effect.kind === "wake");
  now = wake?.kind === "wake" ? Math.max(now, wake.at) : now;
  happen({ kind: "tick" });
}

const idOf = (peer: string) => state.attempts.find((attempt) => attempt.peer === peer)?.id;
const ended = () => effects.find(({ kind }) => kind === "finish" || kind === "fail");

describe("a job whose only provider refuses", () => {
  const codes = ["busy", "context-overflow", "engine"];
  test.each(codes.flatMap((code) => [0, 2].map((witnesses) => ({ code, witnesses }))))(
    "as $code, with $witnesses witnesses wanted, ends long before its deadline",
    ({ code, witnesses }) => {
      start(["only"], { witnesses });
      for (let turn = 0; turn < 200 && ended() === undefined; turn++) {
        const attempt = idOf("only");
        if (attempt === undefined) sleep();
        else happen({ kind: "refused", attempt, code, message: "No." });
      }
      expect(ended()).toMatchObject({ kind: "fail", message: expect.not.stringMatching(/\.$/) });
      expect(now).toBeLessThan(30_000);
    },
  );
});

test("a job that finds every provider busy waits a moment for a seat", () => {
  start(["one", "two"], { witnesses: 0 });
  for (let turn = 0; turn < 200 && now < 1_200; turn++) {
    for (const { id } of state.attempts)
      happen({ kind: "refused", attempt: id, code: "busy", message: "no" });
    if (state.attempts.length === 0) sleep();
  }
  expect(ended()).toBeUndefined();
  for (let turn = 0; turn < 50 && state.attempts.length === 0; turn++) sleep();
  const { peer } = state.attempts[0]!;
  ready(peer);
  say(peer, 2);
  expect(state.delivered).toBe(1);
});

describe("a provider that finds fault with the request", () => {
  test("is not asked again, and does not use up the attempts of those that do not", () => {
    start(["speaker", "witness", "blamer"]);
    for (let turn = 0; turn < 20; turn++) {
      const attempt = idOf("blamer");
      if (attempt === undefined) sleep();
      else happen({ kind: "refused", attempt, code: "bad-request", message: "no" });
    }
    expect(effects.filter((effect) => effect.kind === "open" && effect.peer === "blamer")).toHaveLength(1);
  });

  test("is not believed when a few say so at once and others would answer", () => {
    start(["one", "two", "honest", "another"]);
    for (const peer of ["one", "two"]) {
      happen({ kind: "refused", attempt: idOf(peer)!, code: "bad-request", message: "no" });
    }
    ready("honest");
    say("honest", 3);
    expect(ended()).toBeUndefined();
    expect(state.held).toHaveLength(1);
  });

  test("is believed when three operators say so and fewer took the request", () => {
    start(["one", "two", "three", "four", "five"]);
    for (const peer of ["one", "two", "three"]) {
      expect(ended()).toBeUndefined();
      happen({ kind: "refused", attempt: idOf(peer)!, code: "bad-request", message: "no" });
    }
    expect(ended()).toMatchObject({ kind: "fail", code: "bad-request" });
  });

  test("is one voice with the others of its operator", () => {
    start(["one", "two", "three", "four", "five"], {}, true, "same");
    for (const peer of ["one", "two", "three"]) {
      happen({ kind: "refused", attempt: idOf(peer)!, code: "bad-request", message: "no" });
    }
    expect(ended()).toBeUndefined();
  });

  test("is believed when nobody else is left, by what most of them say", () => {
    start(["liar", "one", "two"]);
    for (const peer of ["liar", "one", "two"]) {
      const code = peer === "liar" ? "bad-request" : "context-overflow";
      happen({ kind: "refused", attempt: idOf(peer)!, code, message: peer });
    }
    expect(ended()).toMatchObject({ kind: "fail", code: "context-overflow" });
  });

  test("after it was ready, has failed as any other", () => {
    start(["speaker", "witness"]);
    ready("speaker", "witness");
    const attempt = idOf("speaker")!;
    happen({ kind: "refused", attempt, code: "bad-request", message: "no" });
    expect(outcomesOf("speaker")).toEqual(["refused"]);
  });

  test("after it was ready, for what a schema has made of the answer, is not blamed", () => {
    start(["speaker", "witness"], {}, true, undefined, "{}");
    ready("speaker", "witness");
    for (const code of ["bad-request", "engine"])
      for (const { id } of state.attempts.slice(0, 1))
        happen({ kind: "refused", attempt: id, code, message: "no" });
    expect([...outcomesOf("speaker"), ...outcomesOf("witness")]).toEqual(["unused", "refused"]);
  });
});

function ready(...peers: string[]): void {
  for (const peer of peers) {
    const attempt = idOf(peer)!;
    happen({ kind: "ready", attempt, promptTokens: 6, promptDigest: "00".repeat(32) });
  }
}

function outcomesOf(peer: string): string[] {
  return effects.flatMap((effect) =>
    effect.kind === "outcome" && effect.peer === peer ? [effect.outcome] : [],
  );
}

describe("a speaker", () => {
  test("that claims an endless prompt is waited for no longer than the prompt's own length allows", () => {
    start(["liar", "witness", "another"]);
    const attempt = idOf("liar")!;
    happen({ kind: "ready", attempt, promptTokens: 100_000_000, promptDigest: "00".repeat(32) });
    ready("witness", "another");
    for (let turn = 0; turn < 200 && outcomesOf("liar").length === 0; turn++) sleep();
    expect(outcomesOf("liar")).toEqual(["silent"]);
    expect(now).toBeLessThan(30_000);
  });
});

test("a speaker that lied takes with it whatever it said that nobody has yet", () => {
  start(["liar", "one", "two"], { finality: "final" });
  ready("liar", "one", "two");
  for (const through of [4, 8]) {
    say("liar", 4);
    if (through === 4) for (const peer of ["one", "two"]) judge(peer, through);
  }
  for (const peer of ["one", "two"]) dissent(peer, 4);
  expect(outcomesOf("liar")).toEqual(["rejected"]);
  expect(said()).toBe(0);
});

describe("a speaker that shows no logits", () => {
  test("breaks the protocol with text that its ids do not spell", () => {
    start(["speaker"], {}, false);
    ready("speaker");
    const say = (ids: number[], text: string) => {
      const chunk = { start: said(), ids, text, signature: "" };
      happen({ kind: "chunk", attempt: idOf("speaker")!, branch: 0, chunk, authentic: true });
    };
    say([0x61, 0x1f600], "a😀");
    expect(outcomesOf("speaker")).toEqual([]);
    say([0x61], "a".repeat(8_000));
    expect(outcomesOf("speaker")).toEqual(["garbage"]);
  });
});

describe("a witness", () => {
  test("that says the same again and again is replaced as if it had said nothing", () => {
    start(["speaker", "witness", "trickler"]);
    ready("speaker", "witness", "trickler");
    say("speaker", 2);
    judge("trickler", 2);
    say("speaker", 2);
    for (let turn = 0; turn < 40 && idOf("trickler") !== undefined; turn++) {
      now += 100;
      say("speaker", 1);
      judge("witness", said());
      judge("trickler", 2);
    }
    expect(outcomesOf("trickler")).toEqual(["silent"]);
  });

  test("that judges what is the end of no chunk breaks the protocol", () => {
    start(["speaker", "witness"]);
    ready("speaker", "witness");
    say("speaker", 4);
    judge("witness", 3);
    expect(outcomesOf("witness")).toEqual(["garbage"]);
  });
});

describe("a lone dissenter", () => {
  test("that is outvoted every time does not end the answer, and loses its seat", () => {
    start(["speaker", "witness", "dissenter", "late"]);
    ready("speaker", "witness", "dissenter");
    for (let turn = 0; turn < 150; turn++) {
      now += 100;
      say("speaker", 1);
      judge("witness", said());
      if (idOf("dissenter") !== undefined) dissent("dissenter", said() - 1);
      if (state.attempts.some(({ peer, ready }) => peer === "late" && ready === undefined)) ready("late");
      // The vote that decides comes when the next dispute has begun.
      if (turn > 0) judge("late", said() - 1);
    }
    expect(ended()).toBeUndefined();
    expect(state.delivered).toBeGreaterThanOrEqual(149);
    expect(outcomesOf("dissenter")).toEqual(["dissented"]);
  });
});

describe("a stranger, where others have a stake,", () => {
  test("accepts nothing, and what it rejects of them stands", () => {
    start(["speaker", "witness", "stranger"]);
    ready("speaker", "witness", "stranger");
    say("speaker", 2);
    judge("stranger", 2);
    expect(state.delivered, "held on").toBe(0);
    judge("witness", 2);
    expect(state.delivered).toBe(1);
    say("speaker", 2);
    dissent("stranger", 2);
    expect(state.disputedAt).toBeUndefined();
    judge("witness", 4);
    expect(state.delivered).toBe(2);
    expect(state.acceptedTokens).toBe(4);
  });

  test("is no witness to do with alone: one that can decide is asked as well", () => {
    start(["speaker", "stranger", "stranger2", "witness"]);
    expect(state.attempts.map(({ peer }) => peer)).toEqual(["speaker", "stranger", "stranger2", "witness"]);
  });

  test("that disagrees with another is decided about by whoever has one", () => {
    start(["stranger", "stranger2", "witness", "other", "third"]);
    ready("stranger", "stranger2", "witness");
    say("stranger", 2);
    dissent("stranger2", 0);
    expect(state.disputedAt).toBe(0);
    judge("witness", 2);
    expect(state.disputedAt).toBeUndefined();
    expect(state.delivered).toBe(1);
  });
});

test("providers that cannot be reached use up none of the tries", () => {
  const gone = Array.from({ length: 8 }, (_, index) => `gone${index}`);
  start([...gone, "alive"], { witnesses: 0 });
  for (let turn = 0; turn < 40 && idOf("alive") === undefined; turn++) {
    const [first] = state.attempts;
    if (first === undefined) sleep();
    else happen({ kind: "lost", attempt: first.id, cause: "unreachable" });
  }
  ready("alive");
  say("alive", 2);
  expect(ended()).toBeUndefined();
  expect(state.delivered).toBe(1);
});

describe("a replacement", () => {
  test("is whom routing names by then, not whom it named when the job began", () => {
    start(["speaker", "witness", "dead", "alive"], { witnesses: 1 });
    now += 1_000;
    known = known.filter(({ peer }) => peer === "alive");
    happen({ kind: "lost", attempt: idOf("witness")!, cause: "broken" });
    expect(state.attempts.map(({ peer }) => peer)).toEqual(["speaker", "alive"]);
  });

  test("of a witness waits a moment in an answer under way, if another is left", () => {
    start(["speaker", "one", "two", "next", "spare"]);
    ready("speaker", "one", "two");
    say("speaker", 2);
    judge("one", 2);
    expect(state.delivered).toBe(1);
    known = known.filter(({ peer }) => peer !== "two");
    happen({ kind: "lost", attempt: idOf("two")!, cause: "broken" });
    expect(idOf("next")).toBeUndefined();
    now += 150;
    say("speaker", 2);
    expect(idOf("next")).toBeUndefined();
    judge("one", 4);
    for (let turn = 0; turn < 3 && idOf("next") === undefined; turn++) sleep();
    expect(idOf("next")).toBeDefined();
    expect(now).toBeLessThanOrEqual(1_500);
    happen({ kind: "lost", attempt: idOf("one")!, cause: "broken" });
    happen({ kind: "lost", attempt: idOf("next")!, cause: "broken" });
    expect(idOf("spare"), "with nobody left to judge, at once").toBeDefined();
  });
});

describe("words that move nothing", () => {
  test.each([
    ["judgements repeated", () => judge("flooder", said())],
    ["chunks of another branch", () => forge("flooder")],
  ])("are borne for a while, not for ever: %s", (_, flood) => {
    start(["speaker", "witness", "flooder"]);
    ready("speaker", "witness", "flooder");
    say("speaker", 2);
    judge("flooder", said());
    // Called off once, it knows an older branch.
    state = { ...state, attempts: state.attempts.map((each) => ({ ...each, drops: [2] })) };
    for (let turn = 0; turn < 300; turn++) flood();
    expect(outcomesOf("flooder")).toEqual(["garbage"]);
  });
});

const branchOf = (peer: string) => state.attempts.find((each) => each.peer === peer)!.drops.length;
const said = () => state.held.reduce((sum, { chunk }) => sum + chunk.ids.length, 0);

function say(peer: string, tokens: number): void {
  const attempt = idOf(peer)!;
  const ids = Array.from({ length: tokens }, (_, index) => said() + index);
  const chunk = { start: said(), ids, text: "a".repeat(tokens), signature: "" };
  happen({ kind: "chunk", attempt, branch: branchOf(peer), chunk, authentic: true });
}

function judge(peer: string, through: number): void {
  const attempt = idOf(peer);
  if (attempt !== undefined) happen({ kind: "judged", attempt, branch: branchOf(peer), through });
}

function dissent(peer: string, start: number): void {
  const attempt = idOf(peer)!;
  happen({ kind: "rejected", attempt, branch: branchOf(peer), start, through: said() });
}

/** Something it may not say, from before it was called off. */
function forge(peer: string): void {
  const chunk = { start: 0, ids: [1], text: "a", signature: "" };
  happen({ kind: "chunk", attempt: idOf(peer)!, branch: 0, chunk, authentic: false });
}
