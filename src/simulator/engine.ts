import type { ModelId, TokenId } from "../domain/ids.ts";
import type { Candidate } from "../domain/verification/sampler.ts";
import type { Clock, TokenEngine, TokenSequence } from "../ports.ts";
import { HoldfastError } from "../protocol/errors.ts";
import { mixName } from "./chance.ts";
import { contextOf, endId, logitsAt, tokensOf } from "./model.ts";

/** How one node's engine behaves: how fast, and how far its arithmetic is from the others'. Faults set the rest. */
export interface EngineTraits {
  readonly stepMs: number;
  readonly judgeMsPerToken: number;
  /** Largest difference of a logit from the model's, as between honest machines. */
  readonly noise: number;
  /** Serves another model under this one's name: a cheat. */
  otherModel: boolean;
  /** The engine stands still behind live sockets. */
  stalled: boolean;
  /** So many times slower than it was. */
  slowBy?: number;
  /** Says what the model would not, and judges others as it should. */
  lies?: boolean;
  /** Finds right in others what liars say, all of whom tell the same lie; and the truth too. */
  colludes?: boolean;
  /** Accepts whatever it is shown without a look. */
  lazy?: boolean;
  /** Every call fails, as behind a server that answers 500. */
  broken?: boolean;
}

/** The engine double: `domain/verification` runs over its logits as over a real model's. `taken`: sequences open. */
export function createSimulatedEngine(
  clock: Clock,
  node: string,
  traits: EngineTraits,
  model: { readonly id: ModelId; readonly slots: number; readonly contextTokens: number },
): TokenEngine & { taken(): number } {
  let taken = 0;
  const machine = mixName(0, node);
  return {
    taken: () => taken,
    kind: "token",
    model: model.id,
    name: "simulated",
    contextTokens: model.contextTokens,
    slots: model.slots,
    profile: "simulated",
    async open(prompt) {
      if (taken >= model.slots) throw new HoldfastError("no free sequence", { code: "busy", fault: "peer" });
      taken += 1;
      return createSequence({ clock, traits, machine }, tokensOf(prompt), () => {
        taken -= 1;
      });
    },
    close: async () => {},
  };
}

interface Place {
  readonly clock: Clock;
  readonly traits: EngineTraits;
  readonly machine: number;
}

function createSequence(place: Place, promptIds: readonly TokenId[], release: () => void): TokenSequence {
  const { traits, machine } = place;
  let answer: TokenId[] = [];
  let read = false;
  let closed = false;
  const truth = contextOf(promptIds, traits.otherModel ? 99 : 1);
  const lie = contextOf(promptIds, 77);
  const prompt = () => (read ? 0 : promptIds.length * traits.judgeMsPerToken);
  /** What it shows of its logits for a token that another said; an end may be one of either. */
  let isLie = false;
  const shownFor = (id: TokenId): Candidate[] => {
    if (traits.lazy) return [{ id, logit: 0 }];
    const lies = traits.colludes ? logitsAt(lie, answer, traits.noise, machine) : [];
    if (id !== endId) isLie = lies.some((candidate) => candidate.id === id);
    return isLie ? lies : logitsAt(truth, answer, traits.noise, machine);
  };

  return {
    promptIds,
    async judge(ids, signal) {
      await work(place, prompt() + (traits.lazy ? 0 : ids.length * traits.judgeMsPerToken), signal);
      read = true;
      const found: Candidate[][] = [];
      for (const id of ids) {
        found.push(shownFor(id));
        answer.push(id);
      }
      return found;
    },
    async next(ids, signal) {
      await work(place, prompt() + traits.stepMs, signal);
      read = true;
      for (const id of ids) answer.push(id);
      return logitsAt(traits.lies ? lie : truth, answer, traits.noise, machine);
    },
    logitsOf: async (_, ids) => ids.map(() => -20),
    async keep(length) {
      answer = answer.slice(0, length);
    },
    text: (ids, before) =>
      ids.map((id, offset) => (id === endId ? "" : wordAt(before.length + offset, id))).join(""),
    ends: (id) => id === endId,
    close() {
      if (!closed) release();
      closed = true;
    },
  };
}

/** A word names its place, so that a gap or a repetition shows in the text itself. */
export function wordAt(position: number, id: TokenId): string {
  return `${position}:${id} `;
}

/** A stalled engine looks this often whether it no longer is, ms. */
const stalledLookMs = 250;

/** Time passes; a stalled engine waits until it no longer is. */
function work({ clock, traits }: Place, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = () => {
      if (signal.aborted) reject(new Error("aborted"));
      else if (traits.broken) reject(new Error("the engine failed"));
      else if (traits.stalled) clock.after(stalledLookMs, done);
      else resolve();
    };
    clock.after(ms * (traits.slowBy ?? 1), done);
  });
}
