import type { Verdict } from "../inference/effect.ts";
import type { Hex32 } from "./committee.ts";
import { fingerprintDistance } from "./distance.ts";
import type { Leaf } from "./leaf.ts";
import { type MarginTally, weighAnswer } from "./margin-tally.ts";
import { auditPositions } from "./positions.ts";
import type { Receipt } from "./receipt.ts";
import { type RulingRules, seatsOf } from "./seat.ts";
import { weighMean } from "./tolerance.ts";

/** What an engine of one's own made of a receipt's answer, read with the prompt from beginning to end. */
export interface Replayed {
  readonly profile: string;
  readonly promptDigest: Hex32;
  /** One for each token; none where the engine showed no numbers. */
  readonly leaves: readonly Leaf[];
  readonly margins: MarginTally;
  /** Position from which the text is not what the ids say, or the end not where they put it. */
  readonly misformedAt?: number;
}

export interface ReplayFinding {
  readonly verdict: Verdict;
  /** One sentence, as in a report. */
  readonly reason: string;
}

/** Does one's own engine agree with the executor? On the ids of the prompt, the text, the tokens and the fingerprint. */
export function weighReplay(receipt: Receipt, replayed: Replayed, rules: RulingRules): ReplayFinding {
  const { proof, promptDigest } = receipt;
  const { profile, leaves, margins, misformedAt } = replayed;
  if (replayed.promptDigest !== promptDigest)
    return finding(
      "invalid",
      "other-prompt-ids: the prompt does not have the token ids that the answer was said after.",
    );
  if (misformedAt !== undefined)
    return finding(
      "invalid",
      `other-text: from token ${misformedAt} on, the text or the end is not what the ids say.`,
    );
  const tolerance = rules.tolerances(proof.set.executor.profile, profile);
  if (tolerance === undefined)
    return finding(
      "inconclusive",
      `not-calibrated: this machine's profile was never compared with the executor's.`,
    );
  const tokens = weighAnswer(margins, tolerance);
  if (tokens === "invalid")
    return finding("invalid", "replayed-otherwise: this machine's model would not have chosen these tokens.");
  const opened = seatsOf(proof, rules, undefined)[0]?.opened;
  if (opened === undefined || typeof opened === "string" || leaves.length < proof.set.answer.tokens)
    return finding("inconclusive", "replayed-in-part: the executor opened no fingerprint to compare with.");
  const own = auditPositions(proof.set, proof.secret).map((position) => leaves[position]!);
  const distance = fingerprintDistance(opened.leaves, own);
  const outcome = weighMean(distance, own.length, tolerance.distance);
  if (outcome === "invalid")
    return finding(
      "invalid",
      `replayed-otherwise: its fingerprint is ${distance.toFixed(2)} times the usual noise from this machine's.`,
    );
  const isSure = outcome === "valid" && tokens === "valid";
  return isSure
    ? finding("valid", "replayed: this machine's own model agrees on tokens and fingerprint.")
    : finding("inconclusive", "replayed-unsure: too few informative positions, or between the bounds.");
}

function finding(verdict: Verdict, reason: string): ReplayFinding {
  return { verdict, reason };
}
