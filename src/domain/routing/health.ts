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

/** It came back as a new process. What the old one did is remembered, but need not be waited out. */
export function afterRestart(health: Health): Health {
  return { ...health, quarantinedUntil: healthy.quarantinedUntil };
}

export type Standing = "good" | "probation" | "quarantined";

export function standing(health: Health, now: Ms): Standing {
  if (now < health.quarantinedUntil) return "quarantined";
  return health.incidents > 0 ? "probation" : "good";
}
