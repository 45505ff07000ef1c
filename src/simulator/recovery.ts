/** Words that were heard at one time, ms. */
export interface Said {
  readonly at: number;
  readonly words: number;
}

/** Who is back by then is back: outages last as long, ms. */
export const recoveryMsMax = 10_000;

/** Windows in which words are counted, ms: several chunks of every stream, yet shorter than what is to be seen. */
const windowMs = 500;
const stepMs = 25;
const baselineMs = 3_000;
const recovered = 0.9;

/**
 * From an instant until words come at nine tenths of what those that are left can say, over half a second: when that
 * half second begins, ms. `capacity`: what they can say, as a share of what was said in the three seconds before the
 * instant, or since the first word. Undefined: not within ten seconds, or nothing had been said.
 */
export function recoveryOf(said: Iterable<Said>, at: number, capacity: number): number | undefined {
  const steps = new Float64Array(recoveryMsMax / stepMs);
  let before = 0;
  let since = at;
  for (const piece of said) {
    if (piece.words === 0 || piece.at < at - baselineMs || piece.at >= at + recoveryMsMax) continue;
    if (piece.at >= at) steps[Math.floor((piece.at - at) / stepMs)]! += piece.words;
    else {
      before += piece.words;
      since = Math.min(since, piece.at);
    }
  }
  if (before === 0) return undefined;
  const wanted = (before / (at - since)) * windowMs * capacity * recovered;
  const width = windowMs / stepMs;
  for (let from = 0; from + width <= steps.length; from += 1) {
    const words = steps.subarray(from, from + width).reduce((sum, count) => sum + count, 0);
    if (words >= wanted) return from * stepMs;
  }
  return undefined;
}
