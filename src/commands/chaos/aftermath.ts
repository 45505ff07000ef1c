import { recoveryOf } from "../../simulator/recovery.ts";
import { type Blackout, outageMs, returns } from "./blackout.ts";
import type { Outcome } from "./outcome.ts";
import type { Stream } from "./stream.ts";

/** What requests are measured by. */
export interface Judged {
  readonly streams: readonly Stream[];
  readonly outcome: (stream: Stream) => Outcome;
  /** Usual time of one word in an undisturbed answer, ms. */
  readonly wordMs: number;
  /** Share of the undisturbed rate that so many survivors can carry. */
  readonly capacity: (survivors: number) => number;
}

/** What followed one blackout. Times are ms. */
export interface Aftermath {
  /** Asked and answered before it, while all was well. */
  readonly healthy: readonly Stream[];
  readonly inFlight: readonly Stream[];
  /** Those in flight, and those sent in the ten seconds after it. */
  readonly alive: readonly Stream[];
  /** Largest gap between two pieces, of streams whose speaker failed while a witness they had named did not. */
  readonly warmGapsMs: readonly number[];
  /** The same where every witness named had failed too, or there was none. */
  readonly coldGapsMs: readonly number[];
  /** From the instant until words come at nine tenths of what the survivors can say, over half a second. */
  readonly recoveryMs: number | undefined;
  /** From being back until first named as executor or witness, for each node; empty when none was mended. */
  readonly returnsMs: ReadonlyArray<number | undefined>;
}

export function aftermathOf(blackout: Blackout, judged: Judged): Aftermath {
  const { at, calmFrom, struck, mendedAt } = blackout;
  const { streams } = judged;
  const begun = streams.filter(({ sentAt }) => sentAt > at && sentAt <= at + outageMs);
  const lost = lostSpeakers(blackout);
  return {
    healthy: streams.filter(({ sentAt, endedAt = at }) => sentAt >= calmFrom && endedAt < at),
    inFlight: struck.filter(isOver),
    alive: [...struck, ...begun].filter(isOver),
    warmGapsMs: lost.filter(({ warm }) => warm).map(({ gapMs }) => gapMs),
    coldGapsMs: lost.filter(({ warm }) => !warm).map(({ gapMs }) => gapMs),
    recoveryMs: recoveryOf(
      streams.flatMap(({ pieces }) => pieces),
      at,
      judged.capacity(blackout.nodes - blackout.victims.size),
    ),
    returnsMs: mendedAt === undefined ? [] : returns(blackout, streams),
  };
}

/** What was given up by this run's own end counts for nothing. */
export function isOver({ end }: Stream): boolean {
  return end !== undefined && end !== "ours";
}

/** Streams that had begun to speak and lost who spoke. Without a piece after the instant there is no gap to measure. */
function lostSpeakers({ at, struck, victims }: Blackout): Array<{ warm: boolean; gapMs: number }> {
  return struck.filter(isOver).flatMap((stream) => {
    const cast = stream.casts.findLast((one) => one.at <= at);
    if (cast === undefined || !victims.has(cast.executor)) return [];
    const gapMs = largestGap(stream, at);
    const warm = cast.witnesses.some((peer) => !victims.has(peer));
    return gapMs === undefined ? [] : [{ warm, gapMs }];
  });
}

/** Largest gap between two pieces of which the second came after `after`. */
export function largestGap({ pieces }: Stream, after: number): number | undefined {
  let largest: number | undefined;
  for (let index = 1; index < pieces.length; index += 1) {
    const at = pieces[index]!.at;
    if (at > after) largest = Math.max(largest ?? 0, at - pieces[index - 1]!.at);
  }
  return largest;
}
