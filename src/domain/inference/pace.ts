import type { Ms } from "../ids.ts";
import { type Rhythm, rhythmAfter, rhythmJoined, rhythmUnknown } from "./rhythm.ts";

/** What a provider takes for each thing that a job waits for, ms. */
export interface Pace {
  /** From being asked to `ready`: connecting, tokenising. */
  readonly ready: Rhythm;
  /** Reading one token of the prompt. */
  readonly read: Rhythm;
  /** From being told to speak, or having read everything, to its first chunk. */
  readonly first: Rhythm;
  /** From one of its chunks to the next. */
  readonly chunk: Rhythm;
  /** For each token it says. */
  readonly token: Rhythm;
  /** From being shown a chunk to its judgement. */
  readonly judge: Rhythm;
}

export const paceUnknown: Pace = {
  ...{ ready: rhythmUnknown, read: rhythmUnknown, first: rhythmUnknown },
  ...{ chunk: rhythmUnknown, token: rhythmUnknown, judge: rhythmUnknown },
};

export function paceAfter(pace: Pace, took: Partial<Record<keyof Pace, Ms>>): Pace {
  const after: Record<keyof Pace, Rhythm> = { ...pace };
  for (const [what, ms] of Object.entries(took) as Array<[keyof Pace, Ms]>) {
    after[what] = rhythmAfter(pace[what], ms);
  }
  return after;
}

/** A pace kept over many jobs, after one more of them. */
export function paceJoined(kept: Pace, seen: Pace): Pace {
  const joined = (what: keyof Pace) => rhythmJoined(kept[what], seen[what]);
  return {
    ...{ ready: joined("ready"), read: joined("read"), first: joined("first") },
    ...{ chunk: joined("chunk"), token: joined("token"), judge: joined("judge") },
  };
}
