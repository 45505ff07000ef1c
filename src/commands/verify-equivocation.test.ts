import { expect, test } from "vitest";
import { createPerson, market } from "../../test/rigs/committee.ts";
import { statementDigest } from "../domain/verification/statement.ts";
import { reportOnText } from "./verify.ts";

/** What `holdfast verify` says of two statements under one number. */

const person = createPerson();
const signed = (output: string, seq = 7) => {
  const [spec, input, anchor] = ["01", "02", "00"].map((byte) => byte.repeat(32)) as [string, string, string];
  const statement = { spec, input, output: output.repeat(32), anchor, seq, expiry: 9 };
  return { ...statement, signature: person.session.sign(statementDigest(market, statement)) };
};
const { node, sessionKey } = person.member;
const kept = (one: object, other: object) => ({
  ...{ v: 1, market, equivocation: { node, sessionKey, one, other }, offers: [] },
});
const report = (content: unknown) => reportOnText(JSON.stringify(content), () => undefined);
const reportOn = (one: object, other: object) => report(kept(one, other));

test("an equivocation whose key nobody vouches for convicts nobody", async () => {
  const { verdict, reasons } = await reportOn(signed("aa"), signed("bb"));
  expect([verdict, reasons.join()]).toEqual(["inconclusive", expect.stringContaining("not-vouched-for")]);
});

test("what contradicts nothing, or was signed by somebody else, is refused", async () => {
  const stranger = { ...signed("bb"), signature: signed("cc").signature };
  for (const other of [signed("aa"), signed("bb", 8), stranger])
    expect(await reportOn(signed("aa"), other)).toMatchObject({ verdict: "invalid" });
});

test("of several each is looked at, and one that is none makes all of it worth nothing", async () => {
  const [fine, none] = [kept(signed("aa"), signed("bb")), kept(signed("aa"), signed("aa"))];
  const { verdict, reasons } = await report([fine, fine]);
  expect([verdict, reasons]).toEqual([
    "inconclusive",
    [expect.stringMatching(/^not-vouched-for/), expect.stringMatching(/^not-vouched-for/)],
  ]);
  expect(await report([fine, none])).toMatchObject({ verdict: "invalid" });
});
