import fc from "fast-check";
import { expect, test } from "vitest";
import { answerOf, leavesOf, type Part, proofOf, rulingRules } from "../../../test/rigs/committee.ts";
import type { Address } from "../ids.ts";
import { auditPositions } from "./positions.ts";
import { quorumOf, rule } from "./ruling.ts";
import type { Proof } from "./seat.ts";

const tokens = 96;
const honest = (machine: number): Part => ({ leaves: leavesOf(tokens, { machine }) });
const wrong = (model: number, machine = 9): Part => ({ leaves: leavesOf(tokens, { model, machine }) });
const ruleOn = (parts: readonly Part[]) => {
  const proof = proofOf(answerOf(tokens), parts);
  return { proof, ruling: rule(proof, rulingRules), nodes: proof.openings.map(({ node }) => node) };
};

test("honest machines with other last bits agree", () => {
  const { ruling } = ruleOn([honest(1), honest(2), honest(3)]);
  expect(ruling.verdict).toBe("valid");
  expect(ruling.members.map(({ stands }) => stands)).toEqual([undefined, "for", "for"]);
  expect(ruling.outliers).toEqual([]);
});

test("an executor with another model is convicted by two witnesses, not by one", () => {
  const two = ruleOn([wrong(2), honest(1), honest(2)]);
  expect(two.ruling.verdict).toBe("invalid");
  expect(two.ruling.outliers).toEqual([two.nodes[0]]);
  expect(ruleOn([wrong(2), honest(1)]).ruling.verdict).toBe("inconclusive");
});

test("tokens that two witnesses reject convict although every fingerprint is right (prefill attack)", () => {
  const rejects = (machine: number): Part => ({ ...honest(machine), verdict: "invalid" });
  expect(ruleOn([honest(1), rejects(2), rejects(3)]).ruling.verdict).toBe("invalid");
  expect(ruleOn([honest(1), rejects(2), honest(3)]).ruling.verdict).toBe("inconclusive");
});

test("an executor that said another token than its own fingerprint chose is convicted by that, if it said it itself", () => {
  const parts = [honest(1), honest(2), honest(3)];
  const { proof } = ruleOn(parts);
  const positions = auditPositions(proof.set, proof.secret);
  const [{ leaves }] = parts as [Part];
  // So near that no witness could tell it from noise.
  const near = positions.find((at) => leaves[at]!.steps[1]! > 8 && leaves[at]!.steps[1]! < 200)!;
  const ids = leaves.map(({ ids }, at) => ids[at === near ? 1 : 0]!);
  const sampling = { temperature: 0, topP: 1, seed: "00" };
  const own = rule(proof, rulingRules, { ids, sampling, ownFrom: near });
  expect(own).toMatchObject({ verdict: "invalid", members: [{ contradicted: true }, {}, {}] });
  expect(rule(proof, rulingRules, { ids, sampling, ownFrom: near + 1 }).verdict).toBe("valid");
});

test("a lying witness is outvoted and named by its distance from everybody", () => {
  const { ruling, nodes } = ruleOn([honest(1), honest(2), wrong(3), honest(4), honest(5)]);
  expect(ruling.verdict).toBe("valid");
  expect(ruling.outliers).toEqual([nodes[2]]);
});

test("a liar beside those who stand against an executor keeps nobody from convicting it, and is named as well", () => {
  const { ruling, nodes } = ruleOn([wrong(2), honest(1), wrong(3), honest(4)]);
  expect(ruling.verdict).toBe("invalid");
  expect(ruling.outliers).toEqual([nodes[0], nodes[2]]);
});

test("a quorum in league with the executor is believed, and whoever is not in it looks like the liar", () => {
  const { ruling, nodes } = ruleOn([wrong(2, 1), wrong(2, 3), wrong(2, 5), honest(4)]);
  expect(ruling.verdict).toBe("valid");
  expect(ruling.outliers).toEqual([nodes[3]]);
});

test("witnesses who invent logits contradict each other, so that they convict nobody", () => {
  const { ruling } = ruleOn([honest(1), wrong(2), wrong(3)]);
  expect(ruling.verdict).toBe("inconclusive");
  expect(ruling.outliers).toEqual([]);
});

test("a liar is named though the others come to no verdict, where they are most of all and not far from one another", () => {
  // Nothing is near enough to speak for honesty, so that nobody stands for the executor.
  const [bound] = rulingRules.tolerances("", "")!.distance;
  const tolerances = () => ({ ...rulingRules.tolerances("", "")!, distance: [{ ...bound!, near: -1 }] });
  const ruled = (parts: readonly Part[]) =>
    rule(proofOf(answerOf(tokens), parts), { ...rulingRules, tolerances });
  const four = ruled([honest(1), honest(2), honest(3), wrong(4)]);
  expect(four.verdict).toBe("inconclusive");
  expect(four.outliers).toEqual([four.members[3]!.node]);
  // Of three, one would be named by another and its friend.
  expect(ruled([honest(1), honest(2), wrong(4)]).outliers).toEqual([]);
  expect(ruled([honest(1), honest(2), wrong(4), wrong(5)]).outliers).toEqual([]);
});

test("profiles that nobody calibrated decide nothing", () => {
  const proof = proofOf(answerOf(tokens), [wrong(2), honest(1), honest(2)]);
  const ruling = rule(proof, { ...rulingRules, tolerances: () => undefined });
  expect(ruling.verdict).toBe("inconclusive");
  expect(ruling.pairs.every(({ calibrated }) => !calibrated)).toBe(true);
});

test("without witnesses, or with silent ones, nothing follows", () => {
  expect(ruleOn([honest(1)]).ruling.verdict).toBe("inconclusive");
  const { proof } = ruleOn([honest(1), honest(2), honest(3)]);
  const ruling = rule({ ...proof, openings: proof.openings.slice(0, 2) }, rulingRules);
  expect(ruling.verdict).toBe("inconclusive");
  expect(ruling.members[2]).toMatchObject({ complaint: "not-opened", stands: "neither" });
});

test("two thirds of the witnesses are a quorum", () => {
  expect([0, 1, 2, 3, 4, 5, 8].map(quorumOf)).toEqual([1, 1, 2, 2, 3, 4, 6]);
});

test("every observer comes to one ruling, in whatever order and form the proof reached it", () => {
  const parts = fc.array(
    fc.oneof(
      fc.nat(9).map(honest),
      fc.integer({ min: 2, max: 9 }).map((model) => wrong(model)),
    ),
    {
      minLength: 1,
      maxLength: 5,
    },
  );
  fc.assert(
    fc.property(parts, fc.nat(), (all, turn) => {
      const { proof, ruling } = ruleOn(all);
      const shift = turn % proof.openings.length;
      const openings = [...proof.openings.slice(shift), ...proof.openings.slice(0, shift)];
      const elsewhere = JSON.parse(JSON.stringify({ ...proof, openings })) as Proof;
      expect(rule(elsewhere, rulingRules)).toEqual(ruling);
    }),
    { numRuns: 30 },
  );
});

/** Every place in a proof that holds text or a number. */
function places(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, key]));
}

function changed(value: unknown, path: readonly (string | number)[]): unknown {
  const [key, ...rest] = path;
  if (key !== undefined) {
    const copy: Record<string, unknown> = Array.isArray(value)
      ? (Object.assign([], value) as unknown as Record<string, unknown>)
      : { ...(value as Record<string, unknown>) };
    copy[key] = changed(copy[key], rest);
    return copy;
  }
  if (typeof value === "number") return value + 1;
  const text = String(value);
  if (text === "valid") return "inconclusive";
  if (text === "client") return "drawn";
  // The first digit that is neither a prefix nor padding, moved to another one of every alphabet in use.
  return text.replace(/[0-9a-f](?=[^x]|$)/, (digit) => (digit === "1" ? "2" : "1"));
}

test("whatever is changed in a proof, it loses the voice that was touched, or all of it", () => {
  const { proof, ruling } = ruleOn([honest(1), honest(2), honest(3)]);
  expect(ruling.verdict).toBe("valid");
  for (const path of places(proof)) {
    const tampered = changed(proof, path) as Proof;
    expect(tampered, path.join(".")).not.toEqual(proof);
    const after = rule(tampered, rulingRules);
    expect(after.verdict, path.join(".")).toBe("inconclusive");
    expect(
      after.unsound !== undefined || after.members.some(({ complaint }) => complaint !== undefined),
    ).toBe(true);
  }
});

test("openings of strangers, of another answer, or given twice do not count", () => {
  const { proof } = ruleOn([honest(1), honest(2), honest(3)]);
  const other = proofOf(answerOf(tokens, "0b".repeat(32)), [honest(1), honest(2), honest(3)]);
  const [executor, one, two] = proof.openings as [
    Proof["openings"][0],
    Proof["openings"][0],
    Proof["openings"][0],
  ];
  const asIf = (node: Address) => ({ ...other.openings[1]!, node });
  const attempts: Proof["openings"][] = [
    [executor, one, { ...one, node: two.node }], // copied
    [executor, one, asIf(two.node)], // replayed from another job
    [executor, one, other.openings[2]!], // a stranger's
    [executor, one, two, two],
    [executor, { ...one, statement: two.statement }, two],
  ];
  for (const openings of attempts)
    expect(rule({ ...proof, openings }, rulingRules).verdict).toBe("inconclusive");
});

test("a statement for another market, or with another's signature under it, is worth nothing here", () => {
  const { proof, ruling } = ruleOn([honest(1), honest(2), honest(3)]);
  expect(ruling.verdict).toBe("valid");
  const { market } = rulingRules;
  const elsewhere = [
    { ...market, chainId: market.chainId + 1 },
    { ...market, bonds: `0x${"b1".repeat(20)}` as Address },
  ];
  for (const there of elsewhere) {
    const { members, verdict } = rule(proof, { ...rulingRules, market: there });
    expect(verdict).toBe("inconclusive");
    expect(members.map(({ complaint }) => complaint)).toEqual(Array(3).fill("other-set"));
  }
  const [first, second, third] = proof.openings as [
    Proof["openings"][0],
    Proof["openings"][0],
    Proof["openings"][0],
  ];
  const { signature } = first.statement;
  const forged = { ...third, statement: { ...third.statement, signature } };
  const after = rule({ ...proof, openings: [first, second, forged] }, rulingRules);
  expect(after.members[2]).toMatchObject({ complaint: "other-set", stands: "neither" });
});
