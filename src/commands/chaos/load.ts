import { Agent } from "node:http";
import type { Chance } from "../../simulator/chance.ts";
import { ask, type Question, type Stream } from "./stream.ts";

export interface LoadOptions {
  /** Ends in `/v1`. */
  readonly url: string;
  readonly model: string;
  /** Streams that are to be in flight. */
  readonly streams: number;
  /** Length of an answer, tokens: drawn evenly between the two. */
  readonly tokens: { readonly least: number; readonly most: number };
  /** A request without an end after this is a hang, ms. */
  readonly deadlineMs: number;
  /** Hold budget asked for, ms; undefined: the network's default. */
  readonly holdMs?: number | undefined;
  readonly chance: Chance;
}

export interface Load {
  /** Every request sent and not forgotten, in the order of sending. */
  readonly streams: readonly Stream[];
  inFlight(): readonly Stream[];
  /** Requests that were due and not sent, because three times the wanted streams were in flight. */
  unsent(): number;
  /** How late the latest request was sent after it was due, ms: above a few, this generator is what is measured. */
  lateMsMost(): number;
  /** Resolves once requests come by the clock. */
  readonly warm: Promise<void>;
  /** Lets go of the requests that have ended: who counts as it goes needs them no more. */
  forget(): void;
  /** Sends no more and waits for those in flight. */
  drain(): Promise<void>;
  /** Gives up those in flight. */
  abort(): void;
}

/**
 * A steady load. To begin with, each answer that ends is followed by another request, which fills the network and
 * shows how long an answer takes there. From then on requests are due by the clock, as many a second as keep the
 * wanted number in flight, and none waits for an answer: a network that stands still gets no fewer requests for it.
 */
export function startLoad(options: LoadOptions): Load {
  const { streams: wanted, chance } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: overfull * wanted, scheduling: "lifo" });
  const { promise: warm, resolve: becomeWarm } = Promise.withResolvers<void>();
  const streams: Stream[] = [];
  const flying = new Map<Stream, () => void>();
  let asked = 0;
  let unsent = 0;
  let lateMsMost = 0;
  let timer: NodeJS.Timeout | undefined;
  let intervalMs = 0;
  let dueAt = 0;
  let stopped = false;
  let drained: (() => void) | undefined;

  function send(due: number): void {
    if (flying.size >= overfull * wanted) {
      unsent += 1;
      return;
    }
    const { stream, giveUp } = ask({ ...options, agent }, question(due), options.deadlineMs, over);
    lateMsMost = Math.max(lateMsMost, stream.sentAt - due);
    streams.push(stream);
    flying.set(stream, giveUp);
  }

  function question(due: number): Question {
    const { least, most } = options.tokens;
    const index = asked++;
    const content = `Tell story ${index} of ${chance.below(1_000_000)}.`;
    return { index, content, tokens: least + chance.below(most - least + 1), dueAt: due };
  }

  function over(stream: Stream): void {
    flying.delete(stream);
    if (flying.size === 0) drained?.();
    if (stopped || intervalMs > 0) return;
    if (ended().length >= 2 * wanted) return keepTime();
    // A refusal comes at once; asking again at once would be a storm.
    setTimeout(() => stopped || send(performance.now()), stream.error === undefined ? 0 : refusedPauseMs);
  }

  const ended = () => streams.filter(({ end, error }) => end === "whole" && error === undefined);

  /** From here on by the clock: so many requests a second as answers of the usual length need to be so many at once. */
  function keepTime(): void {
    // The first ones found everything cold.
    const took = ended()
      .slice(wanted)
      .map((stream) => (stream.endedAt! - stream.sentAt) / stream.question.tokens);
    const perTokenMs = took.reduce((sum, ms) => sum + ms, 0) / took.length;
    const { least, most } = options.tokens;
    intervalMs = (perTokenMs * (least + most)) / 2 / wanted;
    dueAt = performance.now() + intervalMs;
    tick();
    becomeWarm();
  }

  function tick(): void {
    for (const now = performance.now(); dueAt <= now; dueAt += intervalMs) send(dueAt);
    timer = setTimeout(tick, Math.max(0, dueAt - performance.now()));
  }

  function stop(): void {
    stopped = true;
    clearTimeout(timer);
  }

  // Not all at one instant: they would end together too.
  const beginning = Array.from({ length: wanted }, (_, at) =>
    setTimeout(() => stopped || send(performance.now()), (at * rampMs) / wanted),
  );

  return {
    streams,
    inFlight: () => [...flying.keys()],
    unsent: () => unsent,
    lateMsMost: () => lateMsMost,
    warm,
    forget() {
      streams.splice(0, streams.length, ...flying.keys());
    },
    async drain() {
      stop();
      if (flying.size > 0) await new Promise<void>((resolve) => (drained = resolve));
      agent.destroy();
    },
    abort() {
      stop();
      for (const start of beginning) clearTimeout(start);
      for (const giveUp of [...flying.values()]) giveUp();
      agent.destroy();
    },
  };
}

/** Beyond so many times the wanted streams nothing more is sent, and said so: a generator must not bury the machine. */
const overfull = 3;
const refusedPauseMs = 200;
/** Time over which the first requests are spread, ms. */
const rampMs = 2_000;
