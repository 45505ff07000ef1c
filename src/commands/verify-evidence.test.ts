import { expect, test } from "vitest";
import { rulingRules } from "../../test/rigs/committee.ts";
import { auditOf, type Court, type CourtTraits, createCourt } from "../../test/rigs/court.ts";
import { contradictionIn } from "../domain/verification/contradiction.ts";
import { type Evidence, readEvidence } from "../protocol/evidence.ts";
import { referee } from "../roles/auditor/referee.ts";
import { judgeEvidence } from "./verify-evidence.ts";

/** What a stranger with the chain at hand makes of disputes, sound ones and such as were set up. */

const { signal } = new AbortController();
const later = (count: number): CourtTraits[] => Array.from({ length: count }, () => ({ since: 400 }));
const traits = [{}, { otherModel: true }, {}, {}, ...later(6)];

/** Audited in the epoch at block 300, by clocks that say `auditedAt`; the referees are those of block 600. */
async function evidenceOf(auditedAt: number) {
  let wall = 1;
  const court = createCourt(traits, () => wall);
  const answered = await court.answeredBy(court.nodes[0]!);
  wall = auditedAt;
  const found = (await auditOf(court.ports, answered, 300, signal))!;
  const receipt = found.receipt;
  const contradiction = contradictionIn(found.ruling)!;
  const { word, ...rest } = await referee(court.ports, { receipt, ...contradiction }, 600, signal);
  const settled = { ...rest, word: `0x${Buffer.from(word).toString("hex")}` };
  const evidence: Evidence = {
    ...{ v: 1, kind: "dispute", receipt, ...contradiction, apartAt: null, epoch: 600, settled },
  };
  return { court, evidence };
}

function judged({ nodes, beacons }: Court, evidence: Evidence) {
  const keys = new Map(nodes.map(({ offer }) => [offer.sessionKey, [offer.address]]));
  const means = { beacons, vouchedKeys: async () => keys };
  return judgeEvidence(means, readEvidence(JSON.stringify(evidence))!, rulingRules.tolerances);
}

test("evidence that everybody was drawn for is valid, and not for parties or a profile that make no dispute", async () => {
  const { court, evidence } = await evidenceOf(500_000);
  expect(await judged(court, evidence)).toMatchObject({ verdict: "valid" });
  const { accused, accuser, settled } = evidence;
  const turned = { ...evidence, accused: accuser, accuser: accused };
  expect((await judged(court, turned)).verdict).toBe("invalid");
  const gpu = { ...evidence, settled: { ...settled!, reference: "simulated cuda kv=f16 fa=on" } };
  expect((await judged(court, gpu)).reasons[0]).toMatch(/^other-reference/);
});

test("referees of a beacon that was there before the parties signed are nobody's", async () => {
  const { court, evidence } = await evidenceOf(600_000);
  const { verdict, reasons } = await judged(court, evidence);
  expect({ verdict, reasons }).toMatchObject({
    verdict: "invalid",
    reasons: [expect.stringMatching(/^not-drawn/)],
  });
});

test("two who agree are no dispute, whoever computed it again", async () => {
  const { court, evidence } = await evidenceOf(500_000);
  const { receipt, accused, accuser } = evidence;
  const honest = receipt.proof.set.witnesses.find(({ node }) => node !== accuser)!;
  const parties = { accused, accuser: honest.node };
  const { word, ...rest } = await referee(court.ports, { receipt, ...parties }, 600, signal);
  const settled = { ...rest, word: `0x${Buffer.from(word).toString("hex")}` };
  expect((await judged(court, { ...evidence, ...parties, settled })).reasons[0]).toMatch(/^no-contradiction/);
});
