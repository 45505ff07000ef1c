import type { Said, Seen } from "../../src/commands/calibrate/trace.ts";
import type { Sampling } from "../../src/domain/inference/spec.ts";
import { jobSeries, type Recorded, type RecordedCheat, recorded, seriesOf } from "./recordings.ts";

/** One recorded answer, and what each who read it saw. */
export interface Reading {
  readonly said: Said;
  /** Witnesses of two numeric profiles. */
  readonly honest: readonly Seen[];
  /** Somebody who read it with the cheap weights. */
  readonly cheap?: Seen;
}

/** Below this many tokens nothing is promised of an answer. */
export const tokensLeast = 64;

/** Answers of one cheat that two honest witnesses have read, those only that it was one in. */
export function cheatReadings(folder: string, name: RecordedCheat): Reading[] {
  const isOne = isCheating[name] ?? (() => true);
  return readingsOf(folder, seriesOf(name)).filter(({ said }) => isOne(said.sampling));
}

/** Who samples as if at temperature 1 is honest where that was asked for; and at temperature 0 there is nothing to draw. */
const isCheating: Partial<Record<RecordedCheat, (asked: Sampling) => boolean>> = {
  hot: ({ temperature }) => temperature > 0 && temperature < 1,
  "other-seed": ({ temperature }) => temperature > 0,
  replays: ({ temperature }) => temperature > 0,
};

/** Honest answers of one series, of those that no bound was fitted to: their one witness sits in two seats. */
export function heldReadings({ said, seen }: Recorded): Reading[] {
  return said.flatMap((one, at): Reading[] => {
    const own = seen[at];
    return own === undefined || one.index % 2 === 0 ? [] : [{ said: one, honest: [own, own] }];
  });
}

/** Honest answers that two witnesses and somebody with the cheap weights have read, likewise. */
export function honestReadings(folder: string): Reading[] {
  const cheap = new Map(recorded(folder, jobSeries, "cheap").seen.map((seen) => [seen.index, seen]));
  return readingsOf(folder, jobSeries)
    .filter(({ said }) => said.index % 2 === 1)
    .map((reading) => {
      const seen = cheap.get(reading.said.index);
      return seen === undefined ? reading : { ...reading, cheap: seen };
    });
}

function readingsOf(folder: string, series: string): Reading[] {
  const { said, seen } = recorded(folder, series);
  const flash = recorded(folder, series, "flash").seen;
  return said.flatMap((one, at): Reading[] => {
    const [own, other] = [seen[at], flash[at]];
    return own === undefined || other === undefined ? [] : [{ said: one, honest: [own, other] }];
  });
}
