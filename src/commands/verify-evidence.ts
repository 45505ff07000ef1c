import { createBeacons } from "../adapters/chain/beacons.ts";
import { verify } from "../adapters/keys/session.ts";
import { systemClock } from "../adapters/system/clock.ts";
import type { Address, SessionKey } from "../domain/ids.ts";
import { setComplaint } from "../domain/verification/commit-set.ts";
import { contradictionIn } from "../domain/verification/contradiction.ts";
import {
  type Dispute,
  disputedSince,
  encodeLoser,
  loserOf,
  refereeDraw,
} from "../domain/verification/dispute.ts";
import { answerComplaint, type Receipt, tokensOf } from "../domain/verification/receipt.ts";
import { referenceAmong } from "../domain/verification/reference.ts";
import type { Report } from "../domain/verification/report.ts";
import { rule } from "../domain/verification/ruling.ts";
import type { Tolerances } from "../domain/verification/tolerance.ts";
import type { Beacons } from "../ports.ts";
import { type Evidence, readEvidence } from "../protocol/evidence.ts";
import { limits } from "../protocol/limits.ts";
import { latestExpiry } from "../protocol/statement-life.ts";
import { isDrawable, lookUpDrawn } from "../roles/committee/drawn-set.ts";
import { commandLog } from "./log.ts";

interface Means extends Vouching {
  readonly rpcs: readonly string[];
}

interface Vouching {
  readonly vouchedKeys: (receipt: Pick<Receipt, "offers" | "market">) => Promise<Map<SessionKey, Address[]>>;
}

/**
 * What a stranger makes of a dispute's evidence; undefined for a text that is none. Valid: everything in it holds, and who
 * it says lost has lost. Inconclusive: it is not settled yet, or the chain is not at hand. Throws HoldfastError `bad-rpc`
 * (fault user).
 */
export async function reportOnEvidence(
  text: string,
  tolerances: Tolerances,
  means: Means,
): Promise<Report | undefined> {
  const evidence = readEvidence(text);
  if (evidence === undefined) return undefined;
  if (means.rpcs.length === 0)
    return report("inconclusive", "beacon-unknown: who was drawn is on the chain.");
  const { market } = evidence.receipt;
  const beacons = createBeacons({ log: commandLog({}) }, { rpcs: means.rpcs, ...market });
  return judgeEvidence({ ...means, beacons }, evidence, tolerances);
}

/** The same with the chain at hand. */
export async function judgeEvidence(
  means: Vouching & { readonly beacons: Beacons },
  evidence: Evidence,
  tolerances: Tolerances,
): Promise<Report> {
  const { beacons } = means;
  const { receipt, settled } = evidence;
  if (settled === undefined) return report("inconclusive", "not-settled: no referee has computed it yet.");
  const complaint =
    answerComplaint(receipt, verify, limits) ?? (await drawComplaint(evidence, settled.referees, beacons));
  if (complaint === "beacon-unknown")
    return report("inconclusive", `${complaint}: the chain does not have it, or no more.`);
  if (complaint !== undefined) return report("invalid", `${complaint}: the evidence contradicts itself.`);
  const keys = await means.vouchedKeys({ ...receipt, offers: [...receipt.offers, ...settled.offers] });
  const sets = [receipt.proof.set, settled.referees.set];
  const members = sets.flatMap(({ executor, witnesses }) => [executor, ...witnesses]);
  const stranger = members.find(({ node, sessionKey }) => keys.get(sessionKey)?.includes(node) !== true);
  if (stranger !== undefined)
    return report("inconclusive", `not-vouched-for: no offer of ${stranger.node} here names its key.`);
  const rules = await rulesOf(evidence, tolerances, beacons);
  const tokens = tokensOf(receipt);
  const unsound = setComplaint(receipt.proof.set, receipt.proof.secret, rules);
  if (unsound !== undefined) return report("invalid", `${unsound}: the set in dispute is not sound.`);
  const dispute = disputeOf(evidence);
  const found = contradictionIn(rule(receipt.proof, rules, tokens));
  if (found?.accused !== evidence.accused || found.accuser !== evidence.accuser)
    return report(
      "invalid",
      "no-contradiction: by what they opened, these two do not contradict each other.",
    );
  if (referenceAmong([settled.reference]) === undefined)
    return report("invalid", "other-reference: machines of that profile need not agree to the last bit.");
  const loser = loserOf(dispute, settled.referees, { ...rules, reference: settled.reference }, tokens);
  const word = `0x${Buffer.from(encodeLoser(dispute, loser)).toString("hex")}`;
  if (loser !== settled.loser || word !== settled.word)
    return report("invalid", `other-loser: what the referees saw goes against ${loser}.`);
  const whom = loser === "nobody" ? "nobody" : `${evidence[loser]}, the ${loser}`;
  return report("valid", `refereed: by what the referees saw it goes against ${whom}.`);
}

function disputeOf({ receipt, accused, accuser }: Evidence): Dispute {
  return { proof: receipt.proof, accused, accuser };
}

/** Were the referees drawn, all of them, by a beacon that nobody knew when the parties signed for what is in dispute? */
async function drawComplaint(
  evidence: Evidence,
  { set }: Receipt["proof"],
  beacons: Beacons,
): Promise<string | undefined> {
  if (set.committee.kind !== "drawn" || set.committee.epoch !== evidence.epoch) return "other-epoch";
  if (!isDrawable(set)) return "not-drawn";
  const dispute = disputeOf(evidence);
  const after = disputedSince(dispute, limits.statementLifeMs);
  const drawn = await lookUpDrawn(beacons, set, (beacon) => refereeDraw(dispute, beacon), { after });
  if (drawn === undefined) return "beacon-unknown";
  return drawn.strangers.length > 0 ? "not-drawn" : undefined;
}

async function rulesOf({ receipt, settled }: Evidence, tolerances: Tolerances, beacons: Beacons) {
  const hashes = new Map<number, string>();
  for (const proof of [receipt.proof, settled?.referees]) {
    if (proof?.set.committee.kind !== "drawn") continue;
    const { block } = proof.set.committee;
    const found = await beacons.block(block);
    if (found !== undefined) hashes.set(block, found.hash);
  }
  const expiryMax = latestExpiry(systemClock.wall());
  const beaconAt = (block: number) => hashes.get(block);
  return { verify, tolerances, market: receipt.market, beaconAt, expiryMax };
}

function report(verdict: Report["verdict"], reason: string): Report {
  const isWhole = verdict === "valid";
  const all = [
    "every chunk's signature",
    "the set in dispute and the referees': commits, openings, statements",
    "that the parties contradict each other, and that the referees' profile is a plain processor's",
    "the referees' seats by their stake and a beacon of after the parties signed",
    "offers by which all of them vouch for their keys",
  ];
  return {
    ...{ verdict, reasons: [reason], checked: isWhole ? all : [] },
    notChecked: [...(isWhole ? [] : ["what comes after that"]), "the model: nothing was computed again here"],
  };
}
