import { expect, test } from "vitest";
import {
  answerOf,
  createPerson,
  leavesOf,
  market,
  proofOf,
  rulingRules,
} from "../../../test/rigs/committee.ts";
import type { Opening } from "./committee.ts";
import { isEquivocation, rememberStatements } from "./equivocation.ts";
import type { Proof } from "./seat.ts";
import { statementDigest, statementOf } from "./statement.ts";

const rules = { market, verify: rulingRules.verify };
const answer = answerOf(16);
const people = [createPerson(), createPerson()];
const parts = [1, 2].map((machine) => ({ leaves: leavesOf(16, { machine }) }));
const proof = proofOf(answer, parts, people);

/** The second member's opening under another verdict, with a number of its choice. */
function saidOtherwise(seq: number): Proof {
  const [executor, own] = proof.openings as [Opening, Opening];
  const numbers = { seq, expiry: 5 };
  const digest = statementDigest(market, statementOf(proof.set, proof.secret, "invalid", numbers));
  const statement = { ...numbers, signature: people[1]!.session.sign(digest) };
  return { ...proof, openings: [executor, { ...own, verdict: "invalid", statement }] };
}

test("two things signed under one number are seen, whatever came between, and anybody can check that", () => {
  const statements = rememberStatements(100, rules);
  expect(statements.note(proof)).toEqual([]);
  expect(statements.note(proof), "the same again is no equivocation").toEqual([]);
  const { seq } = proof.openings[1]!.statement;
  expect(statements.note(saidOtherwise(seq + 1))).toEqual([]);
  const [found] = statements.note(saidOtherwise(seq));
  expect(found).toMatchObject({ node: people[1]!.member.node, one: { seq }, other: { seq } });
  expect(isEquivocation(found!, rules)).toBe(true);
  expect(isEquivocation({ ...found!, other: found!.one }, rules)).toBe(false);
  const forged = { ...found!.other, output: "00".repeat(32) };
  expect(isEquivocation({ ...found!, other: forged }, rules)).toBe(false);
  expect(isEquivocation(found!, { ...rules, market: { ...market, chainId: 1 } })).toBe(false);
});

test("what is not signed by the node is not held against it, and what is long ago is forgotten", () => {
  const { seq } = proof.openings[1]!.statement;
  const statements = rememberStatements(100, rules);
  statements.note(proof);
  const other = saidOtherwise(seq);
  const [executor, own] = other.openings as [Opening, Opening];
  const forged = { ...own, statement: { ...own.statement, signature: executor.statement.signature } };
  expect(statements.note({ ...other, openings: [executor, forged] })).toEqual([]);
  const few = rememberStatements(1, rules);
  few.note({ ...proof, openings: [own] });
  few.note({ ...proof, openings: [executor] });
  expect(few.note({ ...proof, openings: [proof.openings[1]!] })).toEqual([]);
});
