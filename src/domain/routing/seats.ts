/** A provider's capacity as one gateway sees it: attempts of its own there, and how many it says it runs at once. */
export interface Seats {
  readonly running: number;
  readonly slots: number;
}

/**
 * Seats of a server that does not say how many it has, learnt from what it turns away much as TCP learns its window
 * (RFC 5681 §3.1): when it says no, as many as it is at work on; after some rounds of answers at all of them, one more.
 */
export function slotsAfterRefusal(slots: number, running: number): number {
  return Math.max(1, Math.min(slots, running));
}

/** `running`: what it is at work on beside the answer that has just ended well. */
export function slotsAfterAnswer(slots: number, running: number): number {
  return running + 1 < Math.floor(slots) ? slots : slots + 1 / (slots * roundsBetween);
}

/** Rounds of answers between two tries for one more: whom too much is asked of may shut everybody out for a while. */
const roundsBetween = 4;

/**
 * Is there room for a job that wants this many providers at once? Where fewer exist, all of them must have room: a
 * job that began with too few would compete for seats with others in the same plight, and none would come to its end.
 */
export function hasRoom(providers: readonly Seats[], wanted: number): boolean {
  const free = providers.filter(({ running, slots }) => running < slots).length;
  return providers.length > 0 && free >= Math.min(wanted, providers.length);
}
