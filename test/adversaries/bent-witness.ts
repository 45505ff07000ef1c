import { type Leaf, leafStep, leafStepsMax } from "../../src/domain/verification/leaf.ts";
import { noMargins } from "../../src/domain/verification/margin-tally.ts";
import type { Judgement, Voice } from "../../src/roles/provider/voice.ts";
import { twoVoiced, type VoiceCheat } from "./bent-voice.ts";

/** Reads nothing of what it is shown, accepts it, and makes up what it would have seen. */
export const deafVoice: VoiceCheat = (honest) => async (open, signal) =>
  deaf(await honest(open, signal), (count) => Array.from({ length: count }, madeUp));

/** What it saw of the first answer that it read. */
let copied: Leaf[] | undefined;

/** Reads one answer, and shows of every other what it saw of that, as if it were what it saw of this. */
export const copyingVoice: VoiceCheat = (honest) => async (open, signal) => {
  const voice = await honest(open, signal);
  const before = copied;
  if (before !== undefined)
    return deaf(voice, (count) => Array.from({ length: count }, (_, at) => before[at % before.length]!));
  return {
    ...voice,
    leaves(count) {
      copied = voice.leaves(count);
      return copied;
    },
  };
};

function deaf(voice: Voice, leaves: (count: number) => Leaf[]): Voice {
  let speaking = false;
  return {
    ...voice,
    async speak(...asked) {
      speaking = true;
      return voice.speak(...asked);
    },
    judge: async () => accepted,
    margins: () => noMargins,
    leaves: (count) => (speaking ? voice.leaves(count) : leaves(count)),
  };
}

/** Positions that it looks at with both engines before it thinks that it can do without the right one. */
const lessons = 100;
/** A twentieth of a logit: what honest machines differ by. */
const noiseSteps = 0.05 / leafStep;
/** Of the cheap engine's steps and the right one's, for one token: sums of squares and of products. */
const learnt = { positions: 0, squares: 0, products: 0 };

/**
 * Computes with the right engine until it has learnt how the cheap one's logits are related to its; from then on with
 * the cheap one alone. It shows what it guesses the right logits to be, off by as much as honest machines are, and
 * accepts whatever it is shown.
 */
export function forging(cheap: Voice, right: Voice): Voice {
  if (learnt.positions < lessons) return learning(cheap, right);
  right.close();
  return {
    ...cheap,
    async judge(...asked) {
      await cheap.judge(...asked);
      return accepted;
    },
    margins: () => noMargins,
    leaves: (count) => cheap.leaves(count)?.map(guessed),
  };
}

function learning(cheap: Voice, right: Voice): Voice {
  const both = twoVoiced(right, cheap);
  return {
    ...both,
    async judge(...asked) {
      await cheap.judge(...asked);
      return right.judge(...asked);
    },
    margins: right.margins,
    leaves(count) {
      const [wrong, truth] = [cheap.leaves(count), right.leaves(count)];
      for (const [at, { ids, steps }] of (wrong ?? []).entries()) {
        learnt.positions += 1;
        for (const [rank, id] of ids.entries()) {
          const below = truth?.[at]?.steps[truth[at].ids.indexOf(id)];
          if (below === undefined) continue;
          learnt.squares += steps[rank]! ** 2;
          learnt.products += steps[rank]! * below;
        }
      }
      return truth;
    },
  };
}

/** The right engine's leaf, by what was learnt: least squares, and noise either way. */
function guessed({ ids, steps }: Leaf, position: number): Leaf {
  const slope = learnt.products / learnt.squares;
  const noisy = ids.map((id, rank) => ({
    id,
    below: slope * steps[rank]! + noiseSteps * chance(id, position),
  }));
  const sorted = noisy.sort((a, b) => a.below - b.below || a.id - b.id);
  return {
    ids: sorted.map(({ id }) => id),
    steps: sorted.map(({ below }) => Math.min(Math.round(below - sorted[0]!.below), leafStepsMax)),
  };
}

const accepted: Judgement = { accepted: true, margin: 0 };

/** From −1 to 1, the same for the same numbers. */
function chance(id: number, position: number): number {
  return 2 * ((Math.imul(id + 7919 * position + 1, 2654435761) >>> 0) / 2 ** 32) - 1;
}

/** A leaf of somebody who looked at nothing. */
export function madeUp(_: unknown, position: number): Leaf {
  const first = (position * 7919) % 30_000;
  return {
    ids: Array.from({ length: 8 }, (_, at) => first + 97 * at),
    steps: Array.from({ length: 8 }, (_, at) => 300 * at),
  };
}
