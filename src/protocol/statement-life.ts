import { limits } from "./limits.ts";

/** The latest expiry of a statement that an honest node can have signed by this wall time, Unix ms. */
export function latestExpiry(now: number): number {
  return Math.floor(now) + limits.statementLifeMs + limits.clockSkewMsMax;
}
