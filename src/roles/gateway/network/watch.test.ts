import { expect, test } from "vitest";
import {
  answerOf,
  createPerson,
  leavesOf,
  market,
  proofOf,
  rulingRules,
} from "../../../../test/rigs/committee.ts";
import type { Opening } from "../../../domain/verification/committee.ts";
import type { Proof } from "../../../domain/verification/seat.ts";
import { statementDigest, statementOf } from "../../../domain/verification/statement.ts";
import type { Log } from "../../../ports.ts";
import { readEquivocations } from "../../../protocol/equivocation.ts";
import { createWatch } from "./watch.ts";

/** What becomes of evidence when several nodes say two things in one job. */

const silent = () => {};
const log: Log = { debug: silent, info: silent, warn: silent, error: silent };
const people = [createPerson(), createPerson(), createPerson()];
const proof = proofOf(
  answerOf(16),
  people.map((_, machine) => ({ leaves: leavesOf(16, { machine }) })),
  people,
);

/** Those at `seats` open under another verdict, and the number they had before. */
function saidOtherwise(seats: readonly number[]): Proof {
  const openings = proof.openings.map((opening, seat): Opening => {
    if (!seats.includes(seat)) return opening;
    const { seq, expiry } = opening.statement;
    const digest = statementDigest(market, statementOf(proof.set, proof.secret, "invalid", { seq, expiry }));
    const signature = people[seat]!.session.sign(digest);
    return { ...opening, verdict: "invalid", statement: { seq, expiry, signature } };
  });
  return { ...proof, openings };
}

test("evidence of several nodes in one job, in one round or in two, is all kept", () => {
  const kept = new Map<string, string>();
  const evidence = { put: (job: string, text: string) => void kept.set(job, text) };
  const proofs = { market, tolerances: rulingRules.tolerances };
  const heard = createWatch({ verify: rulingRules.verify, log, proofs, evidence });
  const nodes = people.map(({ member }) => member.node);
  expect(heard(proof, new Map())).toEqual([]);
  expect(kept.size).toBe(0);
  expect(heard(saidOtherwise([0, 1]), new Map())).toEqual(nodes.slice(0, 2));
  expect(heard(saidOtherwise([2]), new Map())).toEqual(nodes.slice(2));
  const [text = ""] = kept.values();
  expect(readEquivocations(text)?.map(({ equivocation }) => equivocation.node)).toEqual(nodes);
});
