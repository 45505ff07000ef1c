import type { ModelId, Ms, PeerId } from "../../../domain/ids.ts";
import type { Outcome } from "../../../domain/inference/effect.ts";
import type { Prospect } from "../../../domain/inference/state.ts";
import { failureDomain } from "../../../domain/routing/failure-domain.ts";
import {
  afterFailure,
  afterPause,
  afterSuccess,
  type Health,
  healthy,
} from "../../../domain/routing/health.ts";
import { type PaceKept, paceUnkept } from "../../../domain/routing/pace.ts";
import type { Classes } from "../../../domain/verification/classes.ts";
import { limits } from "../../../protocol/limits.ts";
import type { Offer } from "../../../protocol/offer.ts";

/**
 * What this gateway knows of one node, in one place: a decision looks at sixty-four of them out of ten thousand, and
 * every table that it would have to look them up in costs as much again.
 */
export interface KnownNode {
  /** Has it anything at stake, when that was last looked up? */
  bonded: boolean;
  health: Health;
  /** Attempts of this gateway under way there. */
  running: number;
  /** The control plane thinks so; an offer says otherwise. */
  gone: boolean;
  listings: readonly Listing[];
}

/** What it offers of one model, and how it did with it. */
export interface Listing {
  readonly node: KnownNode;
  readonly peer: PeerId;
  readonly model: ModelId;
  readonly slots: number;
  readonly contextTokens: number;
  /** Numbers of its vectors, where it gives vectors rather than words. */
  readonly dimensions: number | undefined;
  /** What those numbers are about, where it is a classifier. */
  readonly classes: Classes | undefined;
  /** Can it hold an answer to a JSON schema? */
  readonly schema: boolean;
  /** Of a million tokens, smallest unit, near enough to compare. */
  readonly price: number;
  readonly domain: readonly string[];
  /** What a prospect of this listing always is. */
  readonly terms: Pick<
    Prospect,
    "peer" | "sessionKey" | "witness" | "sampled" | "unverified" | "resume" | "operator"
  >;
  pace: PaceKept;
}

export function createKnownNode(): KnownNode {
  return { bonded: false, health: healthy, running: 0, gone: false, listings: [] };
}

/** Takes note of its newest offer; how it did with a model stays known. */
export function heedOffer(node: KnownNode, offer: Offer): void {
  const { peer, sessionKey, slots } = offer;
  const domain = failureDomain(offer.domain, offer.endpoints);
  node.gone = false;
  node.listings = offer.models.map(
    ({
      id,
      contextTokens,
      dimensions,
      classes,
      priceIn,
      priceOut,
      witness,
      sampled = false,
      unverified = false,
      resume,
      schema = false,
    }) => ({
      ...{ node, peer, model: id, slots, contextTokens, dimensions, classes, schema, domain },
      price: Number(priceIn) + Number(priceOut),
      terms: { peer, sessionKey, witness, sampled, unverified, resume, operator: offer.domain.operator },
      pace: node.listings.find(({ model }) => model === id)?.pace ?? paceUnkept,
    }),
  );
}

/** Takes note of how an attempt that began at `since` came out. */
export function heedOutcome(node: KnownNode, outcome: Outcome, since: Ms, now: Ms): void {
  const { quarantine } = limits;
  switch (outcome) {
    case "unused":
      return;
    case "busy":
    case "late":
      node.health = afterPause(node.health, now, quarantine.least);
      return;
    case "completed":
    case "vouched":
      node.health = afterSuccess(node.health, since, quarantine);
      return;
    default:
      node.health = afterFailure(node.health, since, now, quarantine);
  }
}
