/** Seeds of the swarm that once failed, and what they found. They always run. */
export const keptSeeds: ReadonlyArray<{ readonly seed: number; readonly found: string }> = [
  { seed: 9, found: "attempts that were turned away for want of a seat were counted as hedges" },
  { seed: 67, found: "faults that were planned for later struck after healing" },
  { seed: 185, found: "whoever was told to come back after a full moment was taken for lost" },
  { seed: 252, found: "a cheat with a stake spoke alone, and unjudged, while everybody else was full" },
  { seed: 254, found: "as 252, on another way" },
];
