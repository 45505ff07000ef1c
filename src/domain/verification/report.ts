import type { SchemaLimits } from "../grammar/json-schema.ts";
import type { Address, SessionKey } from "../ids.ts";
import type { Verdict } from "../inference/effect.ts";
import type { SetComplaint } from "./commit-set.ts";
import { type DrawOnChain, drawnChecked, drawnDoubts, drawnFaults, drawnNotChecked } from "./drawn-report.ts";
import { answerComplaint, type Receipt, segmentsOf, tokensOf } from "./receipt.ts";
import { type Replayed, weighReplay } from "./replayed.ts";
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

/** Why an engine commits to no fingerprint (protocol/offer.ts). */
export interface EngineSaid {
  /** It looks at some positions only of what others say. */
  readonly sampled: boolean;
  /** It is of a kind that was never tried as it is usually run. */
  readonly unverified: boolean;
}

export interface ReportRules extends Omit<RulingRules, "market"> {
  /** Bounds within which the schema of an answer is read. */
  readonly schemas: SchemaLimits;
  /** Which node vouches for a session key, by the receipt's offers whose signatures hold. */
  readonly vouchedBy: (key: SessionKey) => readonly Address[];
  /** What the offer that names this key says of its engine for the receipt's model. Absent: nobody knows. */
  readonly engineOf?: (key: SessionKey) => EngineSaid | undefined;
  /** What the chain says of a drawn committee: who in it has no seat by its beacon and their stake. Absent: not asked. */
  readonly drawn?: { readonly strangers: readonly Address[]; readonly answer?: DrawOnChain };
}

/**
 * Checks a receipt from scratch. Invalid: the receipt contradicts itself, or the answer was found wrong. Valid needs
 * all of it: the prompt, every signature, and a quorum whose fingerprints agree. Everything else is inconclusive.
 */
export function reportOn(receipt: Receipt, rules: ReportRules, replayed?: Replayed): Report {
  const { market, proof } = receipt;
  const complaint = answerComplaint(receipt, rules.verify, rules.schemas);
  const ruling = rule(proof, { ...rules, market }, complaint === undefined ? tokensOf(receipt) : undefined);
  const again = replayed === undefined ? undefined : weighReplay(receipt, replayed, { ...rules, market });
  const onChain = rules.drawn?.answer;
  const faults = [...faultsOf(receipt, ruling, complaint), ...drawnFaults(receipt, onChain)];
  if (again?.verdict === "invalid") faults.push(again.reason);
  for (const node of rules.drawn?.strangers ?? [])
    faults.push(`not-drawn: by the beacon and its stake, ${node} has no seat in this committee.`);
  // One's own model outweighs a quorum that is missing, but nothing else that is.
  const isSettled = again?.verdict === "valid" || ruling.verdict !== "inconclusive";
  const doubts = [
    ...strangersOf(receipt, rules),
    ...gapsOf(receipt, ruling),
    ...(ruling.unsound === undefined ? drawnDoubts(receipt, ruling) : []),
    ...(isSettled ? [] : quarrelsOf(receipt, ruling)),
  ];
  const verdict = faults.length > 0 ? "invalid" : doubts.length > 0 ? "inconclusive" : "valid";
  const grounds = ruling.verdict === "valid" ? [agreement(ruling)] : [];
  const reasons = verdict === "valid" ? grounds : [...faults, ...doubts];
  if (again !== undefined && !reasons.includes(again.reason)) reasons.push(again.reason);
  return {
    verdict,
    reasons,
    checked: [
      ...checkedOf(receipt, ruling, again !== undefined),
      ...(receipt.drawn !== undefined
        ? drawnChecked(receipt.drawn, onChain)
        : rules.drawn !== undefined
          ? ["each witness's seat, by the beacon and what it had at stake before"]
          : []),
    ],
    notChecked: [...notCheckedOf(receipt, again !== undefined, rules.drawn), ...unshownOf(receipt, rules)],
  };
}

function notCheckedOf(
  { prompt, drawn }: Receipt,
  isReplayed: boolean,
  onChain: ReportRules["drawn"],
): string[] {
  return [
    ...(isReplayed
      ? []
      : [
          "the model: nothing was computed again",
          "the text of the tokens: that takes the model's tokenizer",
        ]),
    ...(drawn !== undefined
      ? drawnNotChecked(drawn, onChain?.answer)
      : onChain !== undefined
        ? ["when the executor sealed: in league with its gateway it can have known the beacon before"]
        : ["the members' bonds: they are on the chain"]),
    ...(prompt !== undefined ? [] : ["the prompt: this receipt does not hold it"]),
  ];
}

/** Of whose words no fingerprint of their own is here: others' cover them, but not by which logits they were chosen. */
function unshownOf({ chunks, proof }: Receipt, { engineOf }: ReportRules): string[] {
  const { executor } = proof.set;
  return segmentsOf(chunks).flatMap(({ speaker, from, to }) => {
    if (from === to) return [];
    const engine = engineOf?.(speaker);
    const words = `tokens ${from} to ${to - 1}`;
    const why = engine?.sampled || engine?.unverified ? "its engine shows none" : "it was gone at the end";
    const isShown = speaker === executor.sessionKey && to === proof.set.answer.tokens;
    return [
      ...(isShown ? [] : [`the own fingerprint of who said ${words}: ${why}`]),
      ...(engine?.unverified
        ? [`the engine that said ${words}: it is of a kind that was never tried as it is usually run`]
        : []),
    ];
  });
}

function faultsOf({ proof }: Receipt, ruling: Ruling, complaint: string | undefined): string[] {
  const faults: string[] = [];
  if (complaint !== undefined)
    faults.push(`${complaint}: the answer shown is not the one that was committed to.`);
  if (ruling.unsound !== undefined && !isGap(ruling.unsound))
    faults.push(`${ruling.unsound}: the set of commits is not sound.`);
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

/** What is missing, whoever agrees on what. */
function gapsOf({ prompt }: Receipt, { unsound }: Ruling): string[] {
  const gaps: string[] = [];
  if (prompt === undefined)
    gaps.push("no-prompt: this receipt does not hold the prompt, so nobody can say what the answer answers.");
  if (unsound !== undefined && isGap(unsound)) gaps.push(`${unsound}: ${gapWords[unsound]}`);
  return gaps;
}

/** Why its committee came to no verdict. */
function quarrelsOf({ proof }: Receipt, { unsound, opened, pairs, members }: Ruling): string[] {
  if (unsound !== undefined) return [];
  const count = members.filter(({ stands }) => stands === "for").length;
  return [
    ...pairs.flatMap(({ one, other, calibrated, outcome, distance }) => {
      if (!calibrated) return [`not-calibrated: the profiles of ${one} and ${other} were never compared.`];
      if (outcome === "valid") return [];
      const apart = `${one} and ${other} differ by ${distance.toFixed(2)} times the usual noise`;
      return outcome === "invalid"
        ? [`far-apart: ${apart}.`]
        : [`undecided: ${apart}, from which nothing follows at so few positions (${opened}).`];
    }),
    ...members.flatMap(({ node, complaint }) =>
      complaint === "not-opened" ? [`not-opened: ${node} has not opened its commit.`] : [],
    ),
    `no-quorum: ${count} of ${proof.set.witnesses.length} witnesses stand for the answer.`,
  ];
}

/** Gaps rather than contradictions: an executor that kept silent makes no receipt false. */
const gapWords = {
  "no-executor": "its executor committed to nothing, so there is nothing to compare with.",
  "beacon-unknown":
    "a block decided which positions were opened, and its hash is not known here: its chain has to be asked (`--rpc URL`).",
};

function isGap(complaint: SetComplaint): complaint is keyof typeof gapWords {
  return complaint in gapWords;
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
  { prompt, proof, chunks, sampling }: Receipt,
  { unsound, opened, pairs, members }: Ruling,
  isReplayed: boolean,
): string[] {
  const counted = members.filter(({ complaint }) => complaint === undefined).length;
  return [
    `signatures over the running digest of ${chunks.length} chunks by ${segmentsOf(chunks).length} speakers`,
    `model, sampling and limit${prompt === undefined ? "" : ", and the prompt's words,"} as every member signed for them`,
    "offers by which nodes vouch for those keys",
    ...(sampling.schema === undefined ? [] : ["the text, against the schema that was asked for"]),
    `${proof.set.commits.length} signed commits (committee: ${proof.set.committee.kind}) and the secret that drew the positions`,
    ...(unsound === undefined
      ? [
          `${counted} openings against exactly this set: seals, Merkle paths and statements`,
          `fingerprint distances of ${pairs.length} pairs at ${opened} of ${proof.set.answer.tokens} positions`,
          `token margins at those positions, as far as eight logits show them`,
        ]
      : []),
    ...(isReplayed ? ["every token and the fingerprint by this machine's own model"] : []),
  ];
}
