import { chunkEnd } from "./chunk.ts";
import type { Ending } from "./effect.ts";
import type { Held, JobState } from "./state.ts";
import { withSay } from "./votes.ts";

/**
 * What of an answer nobody looked at, as far as that comes of the engines that its nodes have: a verdict is worth no more
 * than what it rests on. One sentence each; a word that programs can go by comes first.
 */
export function uncheckedIn(
  said: readonly Held[],
  voters: Pick<JobState, "strangers" | "sampling" | "unverified">,
  { basis, witnesses, executor }: Pick<Ending, "basis" | "witnesses" | "executor">,
): string[] {
  const { sampling, unverified } = voters;
  const untried = [executor, ...witnesses].filter((peer) => unverified.includes(peer));
  const tried = untried.map(
    (peer) =>
      `engine-unverified: the engine of ${peer} is of a kind that was never tried as it is usually run.`,
  );
  // Where nothing was checked at all, the basis says so.
  if (basis === "none") return tried;
  const mute = runsOf(said, ({ speaker }) => sampling.includes(speaker) || unverified.includes(speaker));
  const passed = runsOf(said, ({ accepts }) => {
    const judges = withSay(accepts, voters);
    return judges.length > 0 && judges.every((peer) => sampling.includes(peer));
  });
  const where = basis === "fingerprint" ? "others' cover them" : "they were judged by their margins alone";
  return [
    ...mute.map((run) => `no-fingerprint: who said ${run} commits to none, as its engine is; ${where}.`),
    ...passed.map(
      (run) =>
        `positions-between: ${run} were judged only by who looks at some positions, drawn by itself; what lies between was not weighed.`,
    ),
    ...tried,
  ];
}

/** Runs of chunks that are such, as positions. */
function runsOf(said: readonly Held[], isSuch: (held: Held) => boolean): string[] {
  const runs: Array<{ from: number; to: number }> = [];
  for (const held of said) {
    const { chunk } = held;
    if (chunk.ids.length === 0 || !isSuch(held)) continue;
    const last = runs.at(-1);
    if (last?.to === chunk.start) last.to = chunkEnd(chunk);
    else runs.push({ from: chunk.start, to: chunkEnd(chunk) });
  }
  return runs.map(({ from, to }) => `tokens ${from} to ${to - 1}`);
}
