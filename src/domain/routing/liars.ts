import type { Ms, PeerId } from "../ids.ts";
import { afterFailure, afterSuccess, type Health, healthy, type Leniency } from "./health.ts";

export interface LiarsBounds {
  readonly lies: Leniency;
  readonly liarsMax: number;
}

/**
 * Who was caught lying, and has not made up for it: apart from all else that is known of a node, since an offer that
 * lapses, which is its node's own choice, must not clear it. Doing well as a witness says nothing about how it speaks.
 *
 * A full list forgets strangers first, who could as well have come back under another name; then whoever was caught
 * longest ago.
 */
export interface Liars {
  /** What is held against it. */
  of(peer: PeerId): Health;
  /** In an answer that began at `since`. `bonded`: has it anything at stake? */
  caught(peer: PeerId, since: Ms, now: Ms, bonded: boolean): void;
  /** It spoke the truth where that was judged, in an answer that began at `since`. */
  vouched(peer: PeerId, since: Ms): void;
}

export function createLiars({ lies, liarsMax }: LiarsBounds): Liars {
  /** Both in the order in which they were caught last. */
  const known = new Map<PeerId, Health>();
  const strangers = new Set<PeerId>();
  const of = (peer: PeerId) => known.get(peer) ?? healthy;

  function forget(peer: PeerId): void {
    known.delete(peer);
    strangers.delete(peer);
  }

  return {
    of,
    caught(peer, since, now, bonded) {
      const honesty = afterFailure(of(peer), since, now, lies);
      forget(peer);
      known.set(peer, honesty);
      if (!bonded) strangers.add(peer);
      const [first] = strangers.size > 0 ? strangers : known.keys();
      if (known.size > liarsMax && first !== undefined) forget(first);
    },
    vouched(peer, since) {
      const before = known.get(peer);
      if (before === undefined) return;
      const honesty = afterSuccess(before, since, lies);
      if (honesty.incidents === 0) forget(peer);
      else known.set(peer, honesty);
    },
  };
}
