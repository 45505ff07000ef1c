import type { Ms } from "../ids.ts";

/**
 * What is remembered of a peer's faults: a short quarantine that doubles with every incident, then probation (one
 * attempt at a time) until an answer *ended* well. Works for any kind of peer, and for any kind of fault: what a peer
 * fails at and what it was caught lying in are remembered alike, each by bounds of its own (see `Leniency`).
 */
export interface Health {
  /** Incidents, less what later successes forgave. */
  readonly incidents: number;
  /** Start of the last incident. It lasts as long as its quarantine: attempts begun before that ends are part of it. */
  readonly incidentAt: Ms;
  readonly quarantinedUntil: Ms;
  /** It asked to be left alone until then. */
  readonly pausedUntil: Ms;
}

export const healthy: Health = {
  incidents: 0,
  incidentAt: Number.NEGATIVE_INFINITY,
  quarantinedUntil: Number.NEGATIVE_INFINITY,
  pausedUntil: Number.NEGATIVE_INFINITY,
};

/** How much an incident weighs. */
export interface Leniency {
  /** The first quarantine and the longest. */
  readonly least: Ms;
  readonly most: Ms;
  /** Share of the incidents that is still remembered after one success, 0 to 1. */
  readonly kept: number;
}

/** An attempt that began at `startedAt` failed through the peer's fault. */
export function afterFailure(health: Health, startedAt: Ms, now: Ms, { least, most }: Leniency): Health {
  const { incidents, incidentAt, quarantinedUntil } = health;
  // Fifty streams that die with one machine are one incident, not fifty.
  if (startedAt < incidentAt) return health;
  // Who had to be asked all the same shows only that it is not over.
  const isSame = startedAt < quarantinedUntil;
  const length = Math.min(most, least * 2 ** Math.min(isSame ? incidents - 1 : incidents, 30));
  return {
    ...health,
    ...(isSame ? {} : { incidents: incidents + 1, incidentAt: now }),
    quarantinedUntil: Math.max(quarantinedUntil, now + length),
  };
}

/** An answer that began at `startedAt` ended well. Opening a stream is no success. */
export function afterSuccess(health: Health, startedAt: Ms, { kept }: Leniency): Health {
  if (health.incidents === 0 || startedAt < health.incidentAt) return health;
  // A share, not all: a peer that fails every other time keeps being sent away for longer.
  const left = health.incidents * kept;
  const incidents = left > forgivenAt ? left : 0;
  return { ...health, incidents, quarantinedUntil: healthy.quarantinedUntil };
}

/** The peer asked for a pause. That is back-pressure, no incident. */
export function afterPause(health: Health, now: Ms, pause: Ms): Health {
  return { ...health, pausedUntil: Math.max(health.pausedUntil, now + pause) };
}

/** It came back as a new process. What the old one did is remembered, but need not be waited out. */
export function afterRestart(health: Health): Health {
  const { quarantinedUntil, pausedUntil } = healthy;
  return { ...health, quarantinedUntil, pausedUntil };
}

export type Standing = "good" | "probation" | "quarantined";

export function standing(health: Health, now: Ms): Standing {
  if (now < awayUntil(health)) return "quarantined";
  return health.incidents > 0 ? "probation" : "good";
}

/** When its quarantine or its pause is over. */
export function awayUntil({ quarantinedUntil, pausedUntil }: Health): Ms {
  return Math.max(quarantinedUntil, pausedUntil);
}

/** So much of one incident is held against nobody any more. */
const forgivenAt = 0.5;
