import { createBeacons } from "../adapters/chain/beacons.ts";
import { verify } from "../adapters/keys/session.ts";
import type { Address, SessionKey } from "../domain/ids.ts";
import { setComplaint } from "../domain/verification/commit-set.ts";
import { type Dispute, encodeLoser, loserOf, refereeDraw } from "../domain/verification/dispute.ts";
import { answerComplaint, type Receipt } from "../domain/verification/receipt.ts";
import type { Report } from "../domain/verification/report.ts";
import type { Tolerances } from "../domain/verification/tolerance.ts";
import type { Beacons } from "../ports.ts";
import { type Evidence, readEvidence } from "../protocol/evidence.ts";
import { limits } from "../protocol/limits.ts";
import { lookUpDrawn } from "../roles/auditor/drawn-set.ts";
import { commandLog } from "./log.ts";

interface Means {
  readonly rpcs: readonly string[];
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
  const { receipt, settled } = evidence;
  if (settled === undefined) return report("inconclusive", "not-settled: no referee has computed it yet.");
  if (means.rpcs.length === 0)
    return report("inconclusive", "beacon-unknown: who was drawn is on the chain.");
  const beacons = createBeacons({ log: commandLog({}) }, { rpcs: means.rpcs, ...receipt.market });
  const complaint =
    answerComplaint(receipt, verify, limits) ?? (await drawComplaint(evidence, settled.referees, beacons));
  if (complaint !== undefined) return report("invalid", `${complaint}: the evidence contradicts itself.`);
  const keys = await means.vouchedKeys({ ...receipt, offers: [...receipt.offers, ...settled.offers] });
  const sets = [receipt.proof.set, settled.referees.set];
  const members = sets.flatMap(({ executor, witnesses }) => [executor, ...witnesses]);
  const stranger = members.find(({ node, sessionKey }) => keys.get(sessionKey)?.includes(node) !== true);
  if (stranger !== undefined)
    return report("inconclusive", `not-vouched-for: no offer of ${stranger.node} here names its key.`);
  const rules = await rulesOf(evidence, tolerances, beacons);
  const tokens = { ids: receipt.chunks.flatMap(({ chunk }) => chunk.ids), sampling: receipt.sampling };
  const unsound = setComplaint(receipt.proof.set, receipt.proof.secret, rules);
  if (unsound !== undefined) return report("invalid", `${unsound}: the set in dispute is not sound.`);
  const dispute = disputeOf(evidence);
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

/** Were the referees drawn, all of them, in the epoch that the evidence named before? */
async function drawComplaint(
  evidence: Evidence,
  { set }: Receipt["proof"],
  beacons: Beacons,
): Promise<string | undefined> {
  if (set.committee.kind !== "drawn" || set.committee.epoch !== evidence.epoch) return "other-epoch";
  const drawn = await lookUpDrawn(beacons, set, (beacon) => refereeDraw(disputeOf(evidence), beacon));
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
  return { verify, tolerances, market: receipt.market, beaconAt: (block: number) => hashes.get(block) };
}

function report(verdict: Report["verdict"], reason: string): Report {
  const isWhole = verdict === "valid";
  const all = [
    "every chunk's signature",
    "the set in dispute and the referees': commits, openings, statements",
    "the referees' seats by the beacon and their stake",
    "offers by which all of them vouch for their keys",
  ];
  return {
    ...{ verdict, reasons: [reason], checked: isWhole ? all : [] },
    notChecked: [...(isWhole ? [] : ["what comes after that"]), "the model: nothing was computed again here"],
  };
}
