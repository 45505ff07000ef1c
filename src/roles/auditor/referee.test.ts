import { expect, test } from "vitest";
import { auditOf, type Court, type CourtTraits, createCourt, plain } from "../../../test/rigs/court.ts";
import { contradictionIn } from "../../domain/verification/contradiction.ts";
import { encodeLoser } from "../../domain/verification/dispute.ts";
import { referee } from "./referee.ts";

/** Disputes out of audits in which executor and auditors contradict each other, judged by those who were not in them. */

const { signal } = new AbortController();
const honest = (count: number): CourtTraits[] => Array.from({ length: count }, () => ({}));

/** Nodes that came after the audit, so that they are not in it. */
const later = (count: number, more: CourtTraits = {}): CourtTraits[] =>
  Array.from({ length: count }, () => ({ ...more, since: 400 }));

async function contradicted(court: Court) {
  const receipt = await court.answeredBy(court.nodes[0]!);
  const found = await auditOf(court.ports, receipt, 300, signal);
  return { receipt: found!.receipt, contradiction: contradictionIn(found!.ruling) };
}

test("who computed another model loses to who did not, and the judge's word names it", async () => {
  const court = createCourt([{ otherModel: true }, ...honest(3), ...later(6)]);
  const { receipt, contradiction } = await contradicted(court);
  expect(contradiction?.accused).toBe(court.nodes[0]!.offer.address);
  const { loser, referees, word, reference } = await referee(
    court.ports,
    { receipt, ...contradiction! },
    600,
    signal,
  );
  expect({ loser, reference }).toEqual({ loser: "accused", reference: plain });
  expect(word).toEqual(encodeLoser({ proof: receipt.proof, ...contradiction! }, "accused"));
  const involved = [receipt.proof.set.executor, ...receipt.proof.set.witnesses].map(({ node }) => node);
  for (const { node } of [referees.set.executor, ...referees.set.witnesses])
    expect(involved).not.toContain(node);
});

test("who accuses an honest executor loses", async () => {
  const court = createCourt([{}, { otherModel: true }, ...honest(2), ...later(6)]);
  const { receipt, contradiction } = await contradicted(court);
  expect(contradiction).toEqual({
    accused: court.nodes[0]!.offer.address,
    accuser: court.nodes[1]!.offer.address,
  });
  const { loser } = await referee(court.ports, { receipt, ...contradiction! }, 600, signal);
  expect(loser).toBe("accuser");
});

test("nobody contradicts anybody where all are honest", async () => {
  const { contradiction } = await contradicted(createCourt(honest(6)));
  expect(contradiction).toBeUndefined();
});

test("with too few who are not involved, or too few on one reference profile, nothing is decided", async () => {
  const small = createCourt([{ otherModel: true }, ...honest(3), ...later(4)]);
  const few = await contradicted(small);
  await expect(
    referee(small.ports, { receipt: few.receipt, ...few.contradiction! }, 600, signal),
  ).rejects.toMatchObject({ code: "too-few-referees", fault: "environment" });
  const mixed = createCourt([
    ...[{ otherModel: true }, ...honest(3), ...later(3)],
    ...later(4, { profile: "simulated cuda kv=f16 fa=on" }),
  ]);
  const { receipt, contradiction } = await contradicted(mixed);
  await expect(referee(mixed.ports, { receipt, ...contradiction! }, 600, signal)).rejects.toMatchObject({
    facts: { usable: 3 },
  });
});
