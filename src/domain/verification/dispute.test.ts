import { expect, test } from "vitest";
import {
  answerOf,
  createPerson,
  leavesOf,
  type Part,
  proofOf,
  rulingRules,
} from "../../../test/rigs/committee.ts";
import {
  type Dispute,
  disputedSince,
  disputeId,
  encodeLoser,
  firstApart,
  loserOf,
  refereedAnswer,
} from "./dispute.ts";
import { auditPositions } from "./positions.ts";
import type { Proof } from "./seat.ts";

const tokens = 60;
const reference = "reference";
const rules = { ...rulingRules, reference };
const honest = (machine: number): Part => ({ leaves: leavesOf(tokens, { machine }) });
const cheat: Part = { leaves: leavesOf(tokens, { model: 2 }) };

function disputeOf(parts: readonly Part[], accusedAt: number, accuserAt: number): Dispute {
  const proof = proofOf(answerOf(tokens), parts);
  return { proof, accused: proof.openings[accusedAt]!.node, accuser: proof.openings[accuserAt]!.node };
}

/** What referees see of a model on the reference profile: the same to the last bit, unless one of them is off. */
function refereed(
  dispute: Dispute,
  { count = 5, profile = reference, off = [] as readonly number[], model = 1 } = {},
): Proof {
  const positions = auditPositions(dispute.proof.set, dispute.proof.secret);
  const all = leavesOf(tokens, { model, noise: 0 });
  const wrong = leavesOf(tokens, { model: 9, noise: 0 });
  const parts = Array.from({ length: count }, (_, at) => ({
    leaves: positions.map((position) => (off.includes(at) ? wrong : all)[position]!),
    profile,
  }));
  return proofOf(refereedAnswer(dispute), parts);
}

test("who computed something else loses, accused or accuser, and the word for the contract says so", () => {
  const right = disputeOf([cheat, honest(1), honest(2)], 0, 1);
  expect(loserOf(right, refereed(right), rules)).toBe("accused");
  const wrong = disputeOf([honest(1), cheat, honest(2)], 0, 1);
  expect(loserOf(wrong, refereed(wrong), rules)).toBe("accuser");
  const word = encodeLoser(right, "accused");
  expect(Buffer.from(word).toString("hex")).toBe(
    `${disputeId(right)}${"0".repeat(24)}${right.accused.slice(2).toLowerCase()}`,
  );
  expect(encodeLoser(right, "nobody").subarray(32)).toEqual(new Uint8Array(32));
  expect(firstApart(right, 0.3, rules)).toBeTypeOf("number");
});

test("honest nodes that differ in their last bits lose nothing to each other", () => {
  const dispute = disputeOf([honest(1), honest(2), honest(3)], 0, 1);
  expect(loserOf(dispute, refereed(dispute), rules)).toBe("nobody");
  expect(firstApart(dispute, 0.3, rules)).toBeUndefined();
});

test("two who are both wrong settle nothing between them", () => {
  const dispute = disputeOf([cheat, { leaves: leavesOf(tokens, { model: 3 }) }, honest(2)], 0, 1);
  expect(loserOf(dispute, refereed(dispute), rules)).toBe("nobody");
});

test("no beacon draws referees that came before both had signed, and who hides when it signed has no say", () => {
  const dispute = disputeOf([cheat, honest(1), honest(2)], 0, 1);
  const { expiry } = dispute.proof.openings[0]!.statement;
  expect(disputedSince(dispute, expiry - 5)).toBe(5);
  const [, ...openings] = dispute.proof.openings;
  expect(disputedSince({ ...dispute, proof: { ...dispute.proof, openings } }, 1)).toBe(
    Number.POSITIVE_INFINITY,
  );
  expect(loserOf(dispute, refereed(dispute), { ...rules, expiryMax: expiry })).toBe("accused");
  expect(loserOf(dispute, refereed(dispute), { ...rules, expiryMax: expiry - 1 })).toBe("nobody");
});

test("too few referees, on another profile, involved, split, or about something else decide nothing", () => {
  const dispute = disputeOf([cheat, honest(1), honest(2)], 0, 1);
  const other = disputeOf([cheat, honest(1), honest(2)], 0, 2);
  const cases = {
    few: refereed(dispute, { count: 4 }),
    profile: refereed(dispute, { profile: "mine" }),
    split: refereed(dispute, { off: [1, 2] }),
    other: refereed(other),
  };
  for (const [name, referees] of Object.entries(cases))
    expect(loserOf(dispute, referees, rules), name).toBe("nobody");
  // One of five that is off does not hinder the others.
  expect(loserOf(dispute, refereed(dispute, { off: [3] }), rules)).toBe("accused");
  const positions = auditPositions(dispute.proof.set, dispute.proof.secret);
  const leaves = positions.map((position) => leavesOf(tokens, { noise: 0 })[position]!);
  const involved = [dispute.accuser, ...Array(4)].map((node) => createPerson(reference, node));
  const biased = proofOf(refereedAnswer(dispute), Array(5).fill({ leaves }), involved);
  expect(loserOf(dispute, biased, rules)).toBe("nobody");
});

test("who called tokens right that the referees' logits rule out loses, whatever fingerprint it showed", () => {
  const dispute = disputeOf([honest(1), { ...honest(2), verdict: "invalid" }, honest(3)], 0, 1);
  const sampling = { temperature: 0, topP: 1, seed: "00".repeat(32) };
  const said = leavesOf(tokens, { noise: 0 }).map(({ ids }) => ids[5]!);
  expect(loserOf(dispute, refereed(dispute), rules, { ids: said, sampling, ownFrom: 0 })).toBe("accused");
  const right = leavesOf(tokens, { noise: 0 }).map(({ ids }) => ids[0]!);
  expect(loserOf(dispute, refereed(dispute), rules, { ids: right, sampling, ownFrom: 0 })).toBe("nobody");
});
