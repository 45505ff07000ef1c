import { expect, test } from "vitest";
import { answerOf, leavesOf, market, proofOf, rulingRules } from "../../../test/rigs/committee.ts";
import { verify } from "../../adapters/keys/session.ts";
import { certificateComplaint, certificateFrom } from "./certificate.ts";
import { rule } from "./ruling.ts";

const tokens = 40;
const proof = proofOf(
  answerOf(tokens),
  [1, 2, 3].map((machine) => ({ leaves: leavesOf(tokens, { machine }) })),
);
const certificate = certificateFrom(proof, rule(proof, rulingRules))!;
const rules = { verify, market, quorum: 3 };

test("a certificate holds who agreed, and stands until it expires", () => {
  expect(certificate.signers.map(({ node }) => node)).toEqual(proof.openings.map(({ node }) => node));
  expect(certificateComplaint(certificate, rules, 1)).toBeUndefined();
  expect(certificateComplaint(certificate, rules, 2_000_000_000_000)).toBe("expired");
  expect(certificateComplaint(certificate, { ...rules, quorum: 4 }, 1)).toBe("too-few");
});

test("one signer counted twice, or any word changed, is refused", () => {
  const [one, two, three] = certificate.signers as [
    (typeof certificate.signers)[0],
    (typeof certificate.signers)[0],
    (typeof certificate.signers)[0],
  ];
  const twice = [
    [one, two, two],
    [one, two, { ...two, node: three.node }],
    [one, two, { ...three, node: two.node.toUpperCase().replace("0X", "0x") as typeof two.node }],
  ];
  for (const signers of twice)
    expect(certificateComplaint({ ...certificate, signers }, rules, 1)).toBe("signer-twice");
  for (const field of ["spec", "input", "output", "anchor"] as const)
    expect(certificateComplaint({ ...certificate, [field]: "ee".repeat(32) }, rules, 1)).toBe("forged");
  const moved = [one, two, { ...three, seq: three.seq + 1 }];
  expect(certificateComplaint({ ...certificate, signers: moved }, rules, 1)).toBe("forged");
  const elsewhere = { ...rules, market: { ...market, chainId: 1 } };
  expect(certificateComplaint(certificate, elsewhere, 1)).toBe("forged");
});

test("there is none where nobody agreed", () => {
  const silent = { ...proof, openings: proof.openings.slice(0, 1) };
  expect(certificateFrom(silent, rule(silent, rulingRules))).toBeUndefined();
});
