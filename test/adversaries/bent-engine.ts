import type { TokenId } from "../../src/domain/ids.ts";
import type { Candidate } from "../../src/domain/verification/sampler.ts";
import type { TokenEngine, TokenSequence } from "../../src/ports.ts";

/** What of an engine's words is bent. */
interface Bend {
  readonly speak?: (candidates: Candidate[], said: readonly TokenId[]) => Candidate[];
  readonly judge?: (candidates: Candidate[], position: number) => Candidate[];
  readonly text?: (text: string, position: number) => string;
  readonly skipAt?: number;
  /** So many tokens, and then the end. */
  readonly endAt?: number;
}

/** A real engine with one thing bent. */
export function bent(engine: TokenEngine, bend: Bend): TokenEngine {
  return {
    ...engine,
    open: async (...asked) => bentSequence(await engine.open(...asked), bend),
  };
}

function bentSequence(sequence: TokenSequence, bend: Bend): TokenSequence {
  let answer: TokenId[] = [];
  let speaking = false;
  let skipped = false;
  return {
    promptIds: sequence.promptIds,
    async next(ids, signal) {
      speaking = true;
      answer.push(...ids);
      if (bend.endAt !== undefined && answer.length >= bend.endAt) return only(endOf(sequence));
      let candidates = await sequence.next(ids, signal);
      if (bend.skipAt !== undefined && answer.length >= bend.skipAt && !skipped) {
        skipped = true;
        candidates = await sequence.next([candidates[0]!.id], signal);
      }
      return bend.speak?.(candidates, answer) ?? candidates;
    },
    async judge(ids, signal) {
      const from = answer.length;
      answer.push(...ids);
      const lists = await sequence.judge(ids, signal);
      return lists.map((list, offset) => bend.judge?.(list, from + offset) ?? list);
    },
    logitsOf: sequence.logitsOf,
    async keep(length) {
      answer = answer.slice(0, length);
      await sequence.keep(length);
    },
    text(ids, before) {
      const text = sequence.text(ids, before);
      return speaking ? (bend.text?.(text, before.length) ?? text) : text;
    },
    ends: sequence.ends,
    close: sequence.close,
  };
}

/** The same list as another model might rank it: each logit moved by a hash of its id, largest first again. */
export function reweighed(candidates: Candidate[], most: number): Candidate[] {
  const moved = candidates.map(({ id, logit }) => ({
    id,
    logit: logit + most * (2 * ((Math.imul(id + 1, 2654435761) >>> 0) / 2 ** 32) - 1),
  }));
  return moved.sort((a, b) => b.logit - a.logit || a.id - b.id);
}

/** At one position in fifty only the second likeliest is left; which positions these are is the same every time. */
export function swapped(candidates: Candidate[], said: readonly TokenId[]): Candidate[] {
  const second = candidates[1];
  const hash = Math.imul((said.at(-1) ?? 0) + 97 * said.length, 2654435761) >>> 0;
  return second === undefined || hash % 50 > 0 ? candidates : only(second.id);
}

/** As a broken kernel gives them. */
export function unnumbered(candidates: readonly Candidate[]): Candidate[] {
  return candidates.map(({ id }) => ({ id, logit: Number.NaN }));
}

function endOf(sequence: TokenSequence): TokenId {
  let id = 0;
  while (!sequence.ends(id)) id += 1;
  return id;
}

/** Nothing else can be said here. */
export function only(id: TokenId): Candidate[] {
  return [{ id, logit: 100 }];
}
