import type { Chance } from "../chance.ts";

/** How a speaker's chunks come: the times between them, ms, of one answer after another. */
export interface Speaking {
  readonly name: string;
  readonly about: string;
  /** One speaker; each call gives the intervals of its next answer. */
  speaker(chance: Chance): () => number[];
}

/** Chunks in an answer. */
const chunksEach = 60;
/** Time after which a lost segment is sent again, ms (TCP's least retransmission time-out on Linux). */
const resendMs = 200;

export const speakings: readonly Speaking[] = [
  {
    name: "steady",
    about: "one token a chunk, each step 5 % more or less than the last",
    speaker: (chance) => {
      const paceMs = paceOf(chance);
      return () => series(() => paceMs * (0.95 + 0.1 * chance.next()));
    },
  },
  {
    name: "jitter",
    about: "steady, over a line that delays each chunk by 8 ms, exponentially, and loses one in 200",
    speaker: (chance) => {
      const paceMs = paceOf(chance);
      return () => {
        let sentAt = 0;
        let arrivedAt = 0;
        return series(() => {
          sentAt += paceMs;
          const lost = chance.hits(1 / 200) ? resendMs : 0;
          const before = arrivedAt;
          // One ordered stream: what is late holds up what comes behind it.
          arrivedAt = Math.max(before, sentAt + chance.exponential(8) + lost);
          return arrivedAt - before;
        });
      };
    },
  },
  {
    name: "chunked",
    about: "one to eight tokens a chunk, as full as the hold budget allowed just then",
    speaker: (chance) => {
      const paceMs = paceOf(chance);
      return () => series(() => paceMs * (1 + chance.below(8)));
    },
  },
  {
    name: "pauses",
    about: "steady, but one step in 100 waits for other programs, 120 ms, exponentially",
    speaker: (chance) => {
      const paceMs = paceOf(chance);
      return () =>
        series(
          () => paceMs * (0.9 + 0.2 * chance.next()) + (chance.hits(0.01) ? chance.exponential(120) : 0),
        );
    },
  },
  {
    name: "contended",
    about: "for some 30 chunks in 150 four times as slow: others compute on the same cores",
    speaker: (chance) => {
      const paceMs = paceOf(chance);
      let busy = false;
      return () =>
        series(() => {
          if (chance.hits(busy ? 1 / 30 : 1 / 120)) busy = !busy;
          return paceMs * (busy ? 4 : 1) * (0.9 + 0.2 * chance.next());
        });
    },
  },
  {
    name: "loaded",
    about:
      "steady, but every ten answers or so its machine becomes eight times as slow, or free again, for good",
    speaker: (chance) => {
      const paceMs = paceOf(chance);
      let loaded = false;
      return () => {
        if (chance.hits(1 / 10)) loaded = !loaded;
        return series(() => paceMs * (loaded ? 8 : 1) * (0.9 + 0.2 * chance.next()));
      };
    },
  },
];

/** Machines differ. */
function paceOf(chance: Chance): number {
  return 15 + chance.below(45);
}

function series(interval: () => number): number[] {
  return Array.from({ length: chunksEach }, interval);
}
