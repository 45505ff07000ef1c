import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JobId, PeerId, SessionKey } from "../ids.ts";
import type { Chunk } from "./chunk.ts";
import type { JobEffect } from "./effect.ts";
import type { JobEvent } from "./event.ts";
import { transcriptAfter } from "./hearing.ts";
import { begin, type Step, step } from "./job.ts";
import { paceUnknown } from "./pace.ts";
import type { Policy } from "./spec.ts";
import type { AttemptId, JobState, Prospect } from "./state.ts";
import { standingOf } from "./votes.ts";

/**
 * A world of providers in which anything may happen in any order: each attempt has a queue of words on their way,
 * and chance decides whose next word arrives, who dies, who falls silent, and when time passes.
 */
interface Options {
  readonly seed: number;
  readonly nodes: number;
  readonly liars: number;
  /** So many of the last have a stake; the others are strangers, if any has. */
  readonly bonded: number;
  readonly policy: Policy;
  readonly faults: number;
  /** Share of turns in which a liar says something out of all order. */
  readonly hostile: number;
}
interface Node {
  readonly peer: PeerId;
  readonly liar: boolean;
  readonly bonded: boolean;
  alive: boolean;
}
interface Part {
  readonly id: AttemptId;
  readonly node: Node;
  shown: number;
  judged: number;
  said: number;
  branch: number;
  speaking: boolean;
  silent: boolean;
  readonly words: JobEvent[];
}

const answerLength = 24;
const honest = (position: number) => position * 7 + 1;
const wordOf = (position: number, id: number) => `${position}:${id};`;

function chance(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

class World {
  now = 0;
  delivered = "";
  readonly endings: JobEffect[] = [];
  private readonly answers: JobEvent[] = [];
  lateEffects = 0;
  readonly parts = new Map<AttemptId, Part>();
  readonly nodes: Node[];
  state!: JobState;
  private readonly random: () => number;
  private readonly options: Options;

  constructor(options: Options) {
    this.options = options;
    this.random = chance(options.seed);
    this.nodes = Array.from({ length: options.nodes }, (_, index) => ({
      peer: `peer-${index}` as PeerId,
      liar: index < options.liars,
      bonded: index >= options.nodes - options.bonded,
      alive: true,
    }));
  }

  run(): void {
    const { policy } = this.options;
    const prompt = { kind: "text", text: "once upon a time" } as const;
    const spec = { job: "job" as JobId, prompt, tokensMax: answerLength };
    const prospects = this.shuffled().map(prospectOf);
    const staked = this.options.bonded > 0;
    this.perform(begin({ spec, policy, prospects, staked, tokensDefault: 64, contextTokens: 4096 }, 0));
    for (let turn = 0; turn < 4000 && this.endings.length === 0; turn++) this.turn();
  }

  private turn(): void {
    for (const part of this.parts.values()) this.work(part);
    const waiting = [...this.parts.values()].filter(({ words, silent }) => words.length > 0 && !silent);
    const roll = this.random();
    if (roll < this.options.faults) return this.fault();
    if (this.random() < this.options.hostile) return this.happen(this.hostileWord());
    if (waiting.length === 0 || roll > 0.85) {
      this.now += Math.ceil(this.random() * 120);
      return this.happen({ kind: "tick" });
    }
    const part = waiting[Math.floor(this.random() * waiting.length)]!;
    this.happen(part.words.shift()!);
  }

  private fault(): void {
    const parts = [...this.parts.values()];
    const part = parts[Math.floor(this.random() * parts.length)];
    if (part === undefined) return;
    if (this.random() < 0.5) {
      part.silent = true;
      return;
    }
    part.node.alive = this.random() < 0.5;
    this.happen({ kind: "lost", attempt: part.id, cause: "broken" });
  }

  /** What a liar may send at any time: something forged, repeated, out of turn, of another branch, or of nobody. */
  private hostileWord(): JobEvent {
    const any = (below: number) => Math.floor(this.random() * below);
    const liars = [...this.parts.values()].filter(({ node }) => node.liar);
    const attempt = liars[any(liars.length)]?.id ?? 10_000;
    const branch = any(3);
    const start = any(answerLength);
    const through = start + any(5);
    const ids = Array.from({ length: any(4) }, () => any(200));
    const end = this.random() < 0.3 ? { end: "stop" as const } : {};
    const chunk: Chunk = { start, ids, text: "forged;", signature: "", ...end };
    const said = this.state.held[any(this.state.held.length)]?.chunk;
    const words: JobEvent[] = [
      { kind: "ready", attempt, promptTokens: any(100), promptDigest: "11".repeat(32) },
      { kind: "read", attempt },
      { kind: "chunk", attempt, branch, chunk, authentic: false },
      { kind: "chunk", attempt, branch, chunk: said ?? chunk, authentic: said !== undefined },
      { kind: "judged", attempt, branch, through },
      { kind: "rejected", attempt, branch, start, through },
      { kind: "refused", attempt, code: "context-overflow", message: "no" },
      { kind: "refused", attempt, code: "busy", message: "no" },
    ];
    return words[any(words.length)]!;
  }

  /** A provider does a little of what it was told: judges something shown, says something. */
  private work(part: Part): void {
    if (part.words.length > 3) return;
    const held = this.state.held;
    const next = held
      .slice(0, part.shown)
      .find(({ chunk }) => chunk.start >= part.judged && chunk.ids.length > 0);
    if (next !== undefined) {
      const through = next.chunk.start + next.chunk.ids.length;
      const right = next.chunk.ids.every((id, offset) => id === honest(next.chunk.start + offset));
      const accepts = part.node.liar ? this.random() < 0.5 : right;
      part.judged = through;
      const { id: attempt, branch } = part;
      if (accepts) part.words.push({ kind: "judged", attempt, branch, through });
      else part.words.push({ kind: "rejected", attempt, branch, start: next.chunk.start, through });
    } else if (part.speaking && part.said < answerLength) {
      const size = Math.min(answerLength - part.said, 1 + Math.floor(this.random() * 4));
      const ids = Array.from({ length: size }, (_, offset) => honest(part.said + offset));
      if (part.node.liar && this.random() < 0.3) ids[0] = 999;
      const chunk: Chunk = {
        start: part.said,
        ids,
        text: ids.map((id, offset) => wordOf(part.said + offset, id)).join(""),
        signature: "",
        ...(part.said + size === answerLength ? { end: "length" as const } : {}),
      };
      part.said += size;
      part.judged = part.said;
      part.words.push({ kind: "chunk", attempt: part.id, branch: part.branch, chunk, authentic: true });
    }
  }

  private happen(event: JobEvent): void {
    const before = this.state;
    if (event.kind === "chunk") transcriptAfter(before, event.attempt, event.chunk);
    this.perform(step(before, event, this.now, this.random() < 0.5));
  }

  private perform({ state, effects }: Step): void {
    this.state = state;
    for (const effect of effects) {
      if (this.endings.length > 0 && effect.kind !== "close" && effect.kind !== "outcome")
        this.lateEffects += 1;
      this.apply(effect);
    }
    // As in the role: what an effect brings about is taken up after all effects of its step.
    for (let answer = this.answers.shift(); answer !== undefined; answer = this.answers.shift())
      this.happen(answer);
  }

  private apply(effect: JobEffect): void {
    switch (effect.kind) {
      case "open": {
        const node = this.nodes.find(({ peer }) => peer === effect.peer)!;
        const { attempt: id } = effect;
        const part: Part = {
          ...{ id, node, shown: 0, judged: 0, said: 0, branch: 0 },
          ...{ speaking: false, silent: !node.alive, words: [] },
        };
        part.words.push({ kind: "ready", attempt: id, promptTokens: 9, promptDigest: "00".repeat(32) });
        part.words.push({ kind: "read", attempt: id });
        this.parts.set(id, part);
        return;
      }
      case "show": {
        const part = this.parts.get(effect.attempt)!;
        part.shown += 1;
        return;
      }
      case "drop": {
        const part = this.parts.get(effect.attempt)!;
        part.branch = effect.branch;
        part.shown = this.state.held.filter(({ chunk }) => chunk.start < effect.to).length;
        part.judged = Math.min(part.judged, effect.to);
        part.speaking = false;
        return;
      }
      case "speak": {
        const part = this.parts.get(effect.attempt)!;
        part.speaking = true;
        // What it was shown before, it judges before it speaks.
        part.said = effect.from;
        return;
      }
      case "close":
        this.parts.delete(effect.attempt);
        return;
      case "seek": {
        const prospects = this.shuffled().filter(
          ({ alive, peer }) => alive && !effect.without.includes(peer),
        );
        this.answers.push({ kind: "prospects", prospects: prospects.map(prospectOf) });
        return;
      }
      case "prove": {
        // Of what was delivered only the verdict would change, whoever said it: that is proving.test.ts's.
        const isLiar = this.state.delivered === 0 && this.parts.get(effect.executor)?.node.liar === true;
        const isFalse = isLiar && this.random() < 0.5;
        const blamed: { attempt: AttemptId; outcome: "rejected" | "silent" }[] = [];
        if (isFalse) blamed.push({ attempt: effect.executor, outcome: "rejected" });
        const verdict = isFalse ? "invalid" : this.random() < 0.8 ? "valid" : "inconclusive";
        const undecided = verdict === "inconclusive" && this.random() < 0.7;
        const silent = undecided
          ? [effect.executor, ...effect.witnesses].filter(() => this.random() < 0.2)
          : [];
        for (const attempt of silent) blamed.push({ attempt, outcome: "silent" });
        // Sometimes nobody ever opens.
        if (this.random() < 0.8)
          this.answers.push({ kind: "proved", finding: { verdict, undecided, blamed } });
        return;
      }
      case "deliver":
        this.delivered += effect.text;
        return;
      case "finish":
      case "fail":
        this.endings.push(effect);
        return;
    }
  }

  private shuffled(): Node[] {
    return this.nodes
      .map((node) => ({ node, key: this.random() }))
      .sort((a, b) => a.key - b.key)
      .map(({ node }) => node);
  }
}

function prospectOf({ peer, bonded }: Node): Prospect {
  const key = { peer, sessionKey: "00" as SessionKey, operator: peer, past: paceUnknown };
  return { ...key, bonded, witness: true, resume: true, rested: true };
}

/** The positions of what was delivered, in order. */
function positionsOf(text: string): number[] {
  return text
    .split(";")
    .filter(Boolean)
    .map((word) => Number(word.split(":")[0]));
}
const truth = (length: number) =>
  Array.from({ length }, (_, position) => wordOf(position, honest(position))).join("");

const policyArb = fc.record({
  finality: fc.constantFrom<Policy["finality"]>("stream", "final", "none"),
  witnesses: fc.integer({ min: 0, max: 3 }),
  holdMs: fc.integer({ min: 0, max: 400 }),
  deadlineMs: fc.constant(60_000),
  attemptsMax: fc.constant(5),
});

describe("a job, whatever happens in whatever order", () => {
  test("delivers a gapless prefix without repetition and ends exactly once", () => {
    const world = fc.record({
      ...{ seed: fc.integer(), nodes: fc.integer({ min: 1, max: 8 }), liars: fc.integer({ min: 0, max: 8 }) },
      bonded: fc.integer({ min: 0, max: 8 }),
      ...{ policy: policyArb, faults: fc.constantFrom(0, 0.02, 0.1), hostile: fc.constantFrom(0, 0.1, 0.4) },
    });
    fc.assert(
      fc.property(world, (options) => {
        const world = new World(options);
        world.run();
        const positions = positionsOf(world.delivered);
        expect(positions, "gapless, in order, once").toEqual(positions.map((_, index) => index));
        expect(world.endings.length, "ends exactly once").toBe(1);
        expect(world.lateEffects, "nothing after the end").toBe(0);
        expect(world.parts.size, "everybody was let go").toBe(0);
        if (world.endings[0]!.kind !== "finish") return;
        const delivered = world.state.held.slice(0, world.state.delivered);
        expect(
          delivered.map((held) => standingOf(held, world.state)),
          "no answer ends well over a rejected token",
        ).not.toContain("rejected");
        expect(positions.length).toBe(answerLength);
      }),
      { numRuns: 1500 },
    );
  });

  test("with honest providers every token is the model's, and faults alone never make an answer wrong", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 3, max: 8 }), policyArb, (seed, nodes, policy) => {
        const world = new World({
          seed,
          nodes,
          liars: 0,
          bonded: seed & 7,
          policy,
          faults: 0.04,
          hostile: 0,
        });
        world.run();
        expect(truth(answerLength).startsWith(world.delivered)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  test("one liar among honest nodes never gets a wrong token past a hold that is long enough", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 4, max: 8 }), (seed, nodes) => {
        const policy: Policy = {
          finality: "stream",
          witnesses: 2,
          holdMs: 1e9,
          deadlineMs: 60_000,
          attemptsMax: 5,
        };
        const world = new World({
          seed,
          nodes,
          liars: 1,
          bonded: 0,
          policy,
          faults: 0,
          hostile: seed % 2 === 0 ? 0 : 0.1,
        });
        world.run();
        const [ending] = world.endings;
        expect(truth(answerLength).startsWith(world.delivered)).toBe(true);
        expect(ending).toMatchObject({ kind: "finish", verdict: "valid" });
      }),
      // An example from before: whoever could decide a dispute had been called to speak, and was not waited for.
      { numRuns: 600, examples: [[-1, 4]] },
    );
  });

  test("strangers, however many, get no wrong token past a hold that is long enough, nor stop those with a stake", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 12 }), (seed, liars) => {
        const policy: Policy = {
          ...{ finality: "stream", witnesses: 2, holdMs: 1e9 },
          ...{ deadlineMs: 60_000, attemptsMax: 5 },
        };
        const hostile = seed % 2 === 0 ? 0 : 0.1;
        const world = new World({ seed, nodes: liars + 4, liars, bonded: 4, policy, faults: 0, hostile });
        world.run();
        expect(truth(answerLength).startsWith(world.delivered)).toBe(true);
        expect(world.endings[0]).toMatchObject({ kind: "finish", verdict: "valid" });
      }),
      { numRuns: 600 },
    );
  });
});
