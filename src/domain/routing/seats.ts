/** A provider's capacity as one gateway sees it: attempts of its own there, and how many it says it runs at once. */
export interface Seats {
  readonly running: number;
  readonly slots: number;
}

/**
 * Is there room for a job that wants this many providers at once? Where fewer exist, all of them must have room: a
 * job that began with too few would compete for seats with others in the same plight, and none would come to its end.
 */
export function hasRoom(providers: readonly Seats[], wanted: number): boolean {
  const free = providers.filter(({ running, slots }) => running < slots).length;
  return providers.length > 0 && free >= Math.min(wanted, providers.length);
}
