import type { Ms } from "../ids.ts";

/** The waits of one job, ms. Each is bounded by what is left of the job's own deadline, so they never add up past it. */
export const budgets = {
  /** From opening an attempt to its `ready`: connect, TLS, tokenising. A stopped process shows here. */
  readyMs: 2_500,
  /**
   * Reading: this much and so much for each token of prompt or answer. Small models on a quiet core take 10 ms a token;
   * three nodes on two busy cores take four times that, and whoever gives up on them makes it worse. A machine that is
   * gone shows sooner, by its heartbeat.
   */
  readMs: 1_500,
  readMsPerToken: 40,
  /** The first chunk of a speaker that has read everything: one step of the model. */
  firstChunkMs: 600,
  /** An engine without logits answers from elsewhere: its first words, and the most between two of them. */
  textFirstMs: 20_000,
  textSilenceMs: 5_000,
  /** Bounds of the silence allowed between a speaker's chunks. Below 250 ms a busy machine looks dead. */
  silenceMsLeast: 250,
  silenceMsMost: 700,
  /** …but never less than this many of its own intervals: a busy machine is slow for all its chunks. */
  silenceIntervals: 3,
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
