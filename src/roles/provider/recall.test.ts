import { expect, test } from "vitest";
import { auditOf, createCourt } from "../../../test/rigs/court.ts";

/** What a node sealed about an answer that nobody watched, when several ask it to open that at once. */

const { signal } = new AbortController();

test("of two committees that ask in one epoch, however close together, one sees inside", async () => {
  const court = createCourt([{}, {}, {}, {}, {}]);
  const receipt = await court.answeredBy(court.nodes[0]!);
  const both = await Promise.all([1, 2].map(() => auditOf(court.ports, receipt, 300, signal)));
  const verdicts = both.map((found) => found?.ruling.verdict);
  expect(verdicts.toSorted()).toEqual(["inconclusive", "valid"]);
  const refused = both.find((found) => found?.ruling.verdict === "inconclusive");
  expect(refused?.ruling.members[0]).toMatchObject({ complaint: "not-opened" });
});
