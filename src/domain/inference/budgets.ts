import type { Ms } from "../ids.ts";

/** The waits of one job, ms. Each is bounded by what is left of the job's own deadline, so they never add up past it. */
export const budgets = {
  /** From opening an attempt to its `ready`: connect, TLS, tokenising. A stopped process shows here. */
  readyMs: 2_500,
  /** A cold speaker's first chunk: this much and so much for each token it must read first. */
  firstChunkMs: 1_500,
  prefillMsPerToken: 15,
  /** A warm speaker's first chunk: one step of the model and what it had not yet read. */
  warmChunkMs: 600,
  /** Bounds of the silence allowed between a speaker's chunks. Below 250 ms a busy machine looks dead. */
  silenceMsLeast: 250,
  silenceMsMost: 700,
  /** A witness that owes a judgement for this long is replaced. */
  witnessLagMs: 2_500,
  /** Without a majority after this long a disputed answer ends in an explicit error. */
  disputeMs: 10_000,
  /** The finishing chunk waits this long for the verdict. */
  verdictMs: 5_000,
  /** When routing knew nobody more, it is asked again after this. */
  seekAgainMs: 500,
  /** Attempts of any kind for one job: five speakers, and witnesses for each. Abuse: a network of refusers. */
  attemptsOpenedMax: 24,
} as const satisfies Record<string, Ms | number>;
