/** Seeds of the swarm that once failed, and what they found. They always run. */
export const keptSeeds: ReadonlyArray<{ readonly seed: number; readonly found: string }> = [];
