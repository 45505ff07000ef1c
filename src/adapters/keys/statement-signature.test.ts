import fc from "fast-check";
import { hashTypedData } from "viem";
import { expect, test } from "vitest";
import type { Address } from "../../domain/ids.ts";
import { areEquivocation, type Statement, statementDigest } from "../../domain/verification/statement.ts";
import { addressOf, makeNodeKey } from "./node-key.ts";
import { domain712 } from "./offer-signature.ts";
import { recoverStatement, signStatement } from "./statement-signature.ts";

const market = { chainId: 31337, bonds: "0x5FbDB2315678afecb367f032d93F642f64180aa3" as Address };
const hex32 = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString("hex"));
const statements: fc.Arbitrary<Statement> = fc.record({
  ...{ spec: hex32, input: hex32, output: hex32, anchor: hex32 },
  ...{ seq: fc.maxSafeNat(), expiry: fc.maxSafeNat() },
});

test("the digest that session keys sign is the one that wallets and contracts compute", () => {
  fc.assert(
    fc.property(statements, fc.integer({ min: 1, max: 2 ** 40 }), (statement, chainId) => {
      const where = { ...market, chainId };
      const { spec, input, output, anchor, seq, expiry } = statement;
      const hash = hashTypedData({
        domain: domain712(where),
        types: {
          Statement: [
            ...["spec", "input", "output", "anchor"].map((name) => ({ name, type: "bytes32" })),
            ...["seq", "expiry"].map((name) => ({ name, type: "uint64" })),
          ],
        },
        primaryType: "Statement",
        message: {
          ...{ spec: `0x${spec}`, input: `0x${input}`, output: `0x${output}`, anchor: `0x${anchor}` },
          ...{ seq: BigInt(seq), expiry: BigInt(expiry) },
        },
      });
      expect(`0x${Buffer.from(statementDigest(where, statement)).toString("hex")}`).toBe(hash);
    }),
    { numRuns: 30 },
  );
});

test("a statement's signer is recovered, and any changed fact or another domain recovers another", async () => {
  const key = makeNodeKey();
  const [statement] = fc.sample(statements, 1) as [Statement];
  const signature = await signStatement(key, market, statement);
  expect(await recoverStatement(market, statement, signature)).toBe(addressOf(key));
  const changed = [
    recoverStatement({ ...market, chainId: 1 }, statement, signature),
    recoverStatement({ ...market, bonds: addressOf(makeNodeKey()) }, statement, signature),
    recoverStatement(market, { ...statement, seq: statement.seq + 1 }, signature),
    recoverStatement(market, { ...statement, output: "00".repeat(32) }, signature),
    recoverStatement(market, statement, "0x12"),
  ];
  for (const address of await Promise.all(changed)) expect(address).not.toBe(addressOf(key));
});

test("two outputs under one number are an equivocation; a retry under the next is none", () => {
  fc.assert(
    fc.property(statements, hex32, (statement, output) => {
      fc.pre(output !== statement.output);
      expect(areEquivocation(statement, { ...statement, output })).toBe(true);
      expect(areEquivocation(statement, { ...statement, expiry: 1 })).toBe(false);
      expect(areEquivocation(statement, { ...statement, output, seq: statement.seq + 1 })).toBe(false);
    }),
  );
});
