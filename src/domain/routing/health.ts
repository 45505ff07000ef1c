import type { Ms } from "../ids.ts";

/**
 * What is remembered of a peer's faults: a short quarantine that doubles with every incident, then probation (one
 * attempt at a time) until an answer *ended* well. Works for any kind of peer.
 */
export interface Health {
  /** Incidents, less what later successes forgave. */
  readonly incidents: number;
  /** Start of the last incident; attempts older than this belong to it. */
  readonly incidentAt: Ms;
  readonly quarantinedUntil: Ms;
}

export const healthy: Health = {
  incidents: 0,
  incidentAt: Number.NEGATIVE_INFINITY,
  quarantinedUntil: Number.NEGATIVE_INFINITY,
};

export interface QuarantineBounds {
  readonly least: Ms;
  readonly most: Ms;
}

/** One second costs a peer that stumbled little; after a minute a dead one costs one request a minute. */
export const quarantineDefault: QuarantineBounds = { least: 1_000, most: 60_000 };

/** An attempt that began at `startedAt` failed through the peer's fault. */
export function afterFailure(health: Health, startedAt: Ms, now: Ms, bounds: QuarantineBounds): Health {
  // Fifty streams that die with one machine are one incident, not fifty.
  if (startedAt < health.incidentAt) return health;
  const length = Math.min(bounds.most, bounds.least * 2 ** Math.min(health.incidents, 30));
  return {
    incidents: health.incidents + 1,
    incidentAt: now,
    // A later, longer quarantine extends the one before; a shorter one never cuts it.
    quarantinedUntil: Math.max(health.quarantinedUntil, now + length),
  };
}

/** An answer that began at `startedAt` ended well. Opening a stream is no success. */
export function afterSuccess(health: Health, startedAt: Ms): Health {
  if (health.incidents === 0 || startedAt < health.incidentAt) return health;
  // Half, not all: a peer that fails every other time keeps being sent away for longer.
  return {
    ...health,
    incidents: Math.floor(health.incidents / 2),
    quarantinedUntil: healthy.quarantinedUntil,
  };
}

/** The peer asked for a pause. That is back-pressure, no incident. */
export function afterPause(health: Health, now: Ms, pause: Ms): Health {
  return { ...health, quarantinedUntil: Math.max(health.quarantinedUntil, now + pause) };
}

export type Standing = "good" | "probation" | "quarantined";

export function standing(health: Health, now: Ms): Standing {
  if (now < health.quarantinedUntil) return "quarantined";
  return health.incidents > 0 ? "probation" : "good";
}

export interface Ranked {
  readonly health: Health;
  /** Attempts it is working on. */
  readonly running: number;
  /** Usual time to its first content; undefined while unknown. */
  readonly latencyMs: Ms | undefined;
}

/**
 * Peers in the order in which to ask them. Nobody is left out: those in quarantine come last, the one that is let
 * out soonest first, so that the last live peer is never locked out.
 *
 * `venture`: put a peer on probation that is doing nothing first, since only an answer that ends well brings it back.
 * Not for an answer that has already lost one peer. `turn` rotates peers that are equally good.
 */
export function inOrder<P extends Ranked>(
  peers: readonly P[],
  now: Ms,
  options: { readonly turn: number; readonly venture: boolean },
): P[] {
  const shift = peers.length === 0 ? 0 : options.turn % peers.length;
  const rotated = [...peers.slice(shift), ...peers.slice(0, shift)];
  const placed = rotated.map((peer) => ({ peer, place: place(peer, now, options.venture) }));
  return placed.sort((a, b) => a.place[0] - b.place[0] || a.place[1] - b.place[1]).map(({ peer }) => peer);
}

/** Sorted by class, then within it. */
function place(peer: Ranked, now: Ms, venture: boolean): [rank: number, within: number] {
  switch (standing(peer.health, now)) {
    case "good":
      return [1, load(peer)];
    case "probation":
      return [peer.running > 0 ? 3 : venture ? 0 : 2, load(peer)];
    case "quarantined":
      return [4, peer.health.quarantinedUntil];
  }
}

/** Expected wait in powers of two: smaller differences are noise, and taking turns is worth more. */
function load({ running, latencyMs }: Ranked): number {
  return Math.floor(Math.log2((running + 1) * Math.max(latencyMs ?? latencyFloorMs, latencyFloorMs)));
}

/** Below this, peers count as equally quick. */
const latencyFloorMs = 50;
