import type { Address, JobId, PeerId, SessionKey } from "../../../domain/ids.ts";
import type { JobEffect } from "../../../domain/inference/effect.ts";
import type { JobSpec, Policy } from "../../../domain/inference/spec.ts";
import type { Prospect } from "../../../domain/inference/state.ts";
import type { DrawnAnswer } from "../../../domain/verification/drawn-answer.ts";
import type { Drifts } from "../../../domain/verification/drift.ts";
import type { Proof, RulingRules } from "../../../domain/verification/seat.ts";
import type { Beacons, Clock, Dialer, Log, Random, Receipts, Verify } from "../../../ports.ts";
import type { Offer } from "../../../protocol/offer.ts";

/** What a job over the network is given, and what it gives back. */

export interface RunPorts {
  readonly dialer: Dialer;
  readonly verify: Verify;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** What proofs are judged by. */
  readonly proofs: Pick<RulingRules, "market" | "tolerances">;
  /** What fingerprints add up to over several answers. */
  readonly drifts: Drifts;
  readonly receipts: Pick<Receipts, "put">;
  /** Takes note of what was signed for a proof; whoever contradicts by it what it signed before. */
  readonly heard: (proof: Proof, offers: ReadonlyMap<SessionKey, string>) => readonly Address[];
  /** For jobs whose providers are drawn. */
  readonly beacons?: Beacons;
  /** Answers that nobody watched, for later audits. */
  readonly unwatched?: Pick<Receipts, "put">;
}

/** Where a job finds providers and leaves what it learnt of them. */
export interface Roster {
  prospects(without: readonly PeerId[]): readonly Prospect[];
  offerOf(peer: PeerId): Offer | undefined;
  /** The same as it was signed, JSON. */
  signedOf(peer: PeerId): string | undefined;
  opened(peer: PeerId): void;
  closed(peer: PeerId): void;
  learnt(effect: Extract<JobEffect, { kind: "outcome" }>): void;
  /** May an attempt be made on suspicion alone? Then it was; and an answer ended well, which allows for more. */
  mayHedge(): boolean;
  hedged(): void;
  answered(): void;
}

export interface JobRequest {
  readonly spec: Omit<JobSpec, "tokensMax"> & { readonly tokensMax: number | undefined };
  readonly policy: Policy;
  readonly tokensDefault: number;
  readonly contextTokens: number;
  readonly staked: boolean;
  /** Those to begin with. */
  readonly prospects: readonly Prospect[];
  /** Shall the receipt hold the prompt? */
  readonly receiptPrompt: boolean;
  /** By what its providers and its seed were drawn; and the signed offers, JSON, of those who noted it in time. */
  readonly drawn?: DrawnAnswer;
  readonly drawnOffers?: readonly string[];
}

/** `receipt`: the job under which one is kept of this answer. */
export type JobListener = (
  effect: Extract<JobEffect, { kind: "deliver" | "finish" | "fail" }>,
  receipt?: JobId,
) => void;

export interface RunningJob {
  /** The application has what it wanted; what follows is not. */
  satisfy(): void;
  /** The application hung up. Every provider is told at once; the listener hears nothing more. */
  cancel(): void;
}
