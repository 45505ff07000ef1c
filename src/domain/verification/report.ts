import type { Address, SessionKey } from "../ids.ts";
import type { Verdict } from "../inference/effect.ts";
import { answerComplaint, type Receipt, segmentsOf } from "./receipt.ts";
import { type Ruling, rule } from "./ruling.ts";
import type { RulingRules } from "./seat.ts";

/** What anybody can say about a receipt. */
export interface Report {
  readonly verdict: Verdict;
  /** Why, one sentence each; a word that programs can go by comes first. */
  readonly reasons: readonly string[];
  readonly checked: readonly string[];
  readonly notChecked: readonly string[];
}

export interface ReportRules extends Omit<RulingRules, "market"> {
  /** Which node vouches for a session key, by the receipt's offers whose signatures hold. */
  readonly vouchedBy: (key: SessionKey) => readonly Address[];
}

/**
 * Checks a receipt from scratch. Invalid: the receipt contradicts itself, or the answer was found wrong. Valid needs
 * all of it: the prompt, every signature, and a quorum whose fingerprints agree. Everything else is inconclusive.
 */
export function reportOn(receipt: Receipt, rules: ReportRules): Report {
  const { market, prompt, proof, chunks, sampling } = receipt;
  const complaint = answerComplaint(receipt, rules.verify);
  const ids = chunks.flatMap(({ chunk }) => chunk.ids);
  const ruling = rule(proof, { ...rules, market }, complaint === undefined ? { ids, sampling } : undefined);
  const faults = faultsOf(receipt, ruling, complaint);
  const doubts = doubtsOf(receipt, ruling, rules);
  const verdict = faults.length > 0 ? "invalid" : doubts.length > 0 ? "inconclusive" : ruling.verdict;
  const reasons = verdict === "valid" ? [agreement(ruling)] : [...faults, ...doubts];
  const notChecked = [
    "the model: nothing was computed again",
    "the text of the tokens: that takes the model's tokenizer",
    "the members' bonds: they are on the chain",
    ...(prompt === undefined ? ["the prompt: this receipt does not hold it"] : []),
  ];
  return { verdict, reasons, checked: checkedOf(receipt, ruling), notChecked };
}

function faultsOf({ proof }: Receipt, ruling: Ruling, complaint: string | undefined): string[] {
  const faults: string[] = [];
  if (complaint !== undefined)
    faults.push(`${complaint}: the answer shown is not the one that was committed to.`);
  if (ruling.unsound !== undefined) faults.push(`${ruling.unsound}: the set of commits is not sound.`);
  for (const { node, complaint } of ruling.members) {
    if (complaint === undefined || complaint === "not-opened" || ruling.verdict === "valid") continue;
    faults.push(`${complaint}: the opening of ${node} does not fit its commit.`);
  }
  if (ruling.verdict === "invalid") {
    const against = ruling.members.filter(({ stands }) => stands === "against").map(({ node }) => node);
    const [first] = ruling.members;
    const by = first?.contradicted ? ["its own fingerprint", ...against] : against;
    faults.push(`rejected: the answer of ${proof.set.executor.node} was found wrong by ${by.join(", ")}.`);
  }
  return faults;
}

function doubtsOf(receipt: Receipt, ruling: Ruling, rules: ReportRules): string[] {
  const { prompt, proof } = receipt;
  const doubts = strangersOf(receipt, rules);
  if (prompt === undefined)
    doubts.push(
      "no-prompt: this receipt does not hold the prompt, so nobody can say what the answer answers.",
    );
  if (ruling.unsound !== undefined || ruling.verdict !== "inconclusive") return doubts;
  for (const { one, other, calibrated, outcome, distance } of ruling.pairs) {
    if (!calibrated) doubts.push(`not-calibrated: the profiles of ${one} and ${other} were never compared.`);
    else if (outcome !== "valid")
      doubts.push(`far-apart: ${one} and ${other} differ by ${distance.toFixed(3)} logits (${outcome}).`);
  }
  for (const { node, complaint } of ruling.members)
    if (complaint === "not-opened") doubts.push(`not-opened: ${node} has not opened its commit.`);
  const count = ruling.members.filter(({ stands }) => stands === "for").length;
  doubts.push(`no-quorum: ${count} of ${proof.set.witnesses.length} witnesses stand for the answer.`);
  return doubts;
}

/** Keys that no node vouches for: anybody can make up a committee of those. */
function strangersOf({ proof, chunks }: Receipt, { vouchedBy }: ReportRules): string[] {
  const members = [proof.set.executor, ...proof.set.witnesses];
  const unvouched = members.filter(({ node, sessionKey }) => !vouchedBy(sessionKey).includes(node));
  const strange = segmentsOf(chunks).filter(({ speaker }) => vouchedBy(speaker).length === 0);
  return [
    ...unvouched.map(
      ({ node }) => `not-vouched-for: no offer of ${node} here names the key that signed for it.`,
    ),
    ...strange.map(
      ({ from, to }) => `not-vouched-for: no offer names the key that signed tokens ${from} to ${to}.`,
    ),
  ];
}

function agreement({ members, opened }: Ruling): string {
  const count = members.filter(({ stands }) => stands === "for").length;
  return `agreed: ${count} of ${members.length - 1} witnesses accept the tokens and match the executor's fingerprint at ${opened} positions.`;
}

function checkedOf(
  { prompt, proof, chunks }: Receipt,
  { unsound, opened, pairs, members }: Ruling,
): string[] {
  const counted = members.filter(({ complaint }) => complaint === undefined).length;
  return [
    `signatures over the running digest of ${chunks.length} chunks by ${segmentsOf(chunks).length} speakers`,
    `model, sampling and limit${prompt === undefined ? "" : ", and the prompt's words,"} as every member signed for them`,
    "offers by which nodes vouch for those keys",
    `${proof.set.commits.length} signed commits (committee: ${proof.set.committee.kind}) and the secret that drew the positions`,
    ...(unsound === undefined
      ? [
          `${counted} openings against exactly this set: seals, Merkle paths and statements`,
          `fingerprint distances of ${pairs.length} pairs at ${opened} of ${proof.set.answer.tokens} positions`,
          `token margins at those positions, as far as eight logits show them`,
        ]
      : []),
  ];
}
