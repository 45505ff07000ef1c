import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Address, JobId, ModelId, SessionKey } from "../ids.ts";
import { toBase64 } from "./base64.ts";
import { dimensionsOf, embeddingStatement, type Vector, vectorsDigest } from "./embedding.ts";
import { type ReplicationReceipt, reportOnReplication } from "./replication-receipt.ts";
import { statementDigest } from "./statement.ts";

const market = { chainId: 1, bonds: `0x${"11".repeat(20)}` as Address };
const spec = {
  ...{ job: "ab".repeat(32) as JobId, model: `sha256:${"cd".repeat(32)}` as ModelId },
  ...{ profile: "p", inputs: ["one", "two"] },
};
const vectors: Vector[] = [1, 2].map((tokens) => ({
  tokens,
  values: Uint8Array.of(0, 0, 128, 63, 0, 0, 0, tokens),
}));
const keys = ["aa", "bb"].map((byte) => byte.repeat(32) as SessionKey);
const verify = (key: SessionKey, bytes: Uint8Array, signature: string) => signature === sign(key, bytes);
const sign = (key: SessionKey, bytes: Uint8Array) => `${key} ${toBase64(bytes)}`;
const rules = { verify, vouchedBy: (key: SessionKey) => [`0x${key.slice(0, 40)}` as Address] };

const receipt: ReplicationReceipt = {
  ...{ v: 1, kind: "replication", market, ...spec, offers: [] },
  vectors: vectors.map(({ tokens, values }) => ({ tokens, values: toBase64(values) })),
  replicas: keys.map((sessionKey, seq) => {
    const numbers = { seq, expiry: 7 };
    const digest = statementDigest(market, embeddingStatement(spec, vectors, numbers));
    return { sessionKey, statement: { ...numbers, signature: sign(sessionKey, digest) } };
  }),
};
const { inputs: _, ...silent } = receipt;

describe("the receipt of vectors", () => {
  test("is valid when two nodes that are vouched for signed them", () => {
    expect(reportOnReplication(receipt, rules)).toMatchObject({ verdict: "valid" });
    expect(reportOnReplication({ ...receipt, replicas: receipt.replicas.slice(1) }, rules)).toMatchObject({
      verdict: "inconclusive",
    });
    expect(reportOnReplication(receipt, { ...rules, vouchedBy: () => [] }).verdict).toBe("inconclusive");
  });

  test("says nothing without the texts, and is never valid with others", () => {
    expect(reportOnReplication(silent, rules).verdict).toBe("inconclusive");
    for (const inputs of [["one", "three"], ["two", "one"], ["onetwo", ""], ["one"]])
      expect(reportOnReplication({ ...receipt, inputs }, rules).verdict).toBe("invalid");
  });

  test("is weighed by one's own model only where the arithmetic is the same", () => {
    const same = { profile: "p", vectors: receipt.vectors.map(({ values }) => values) };
    const alone = { ...receipt, replicas: [] };
    expect(reportOnReplication(alone, rules, same).verdict).toBe("valid");
    expect(reportOnReplication(receipt, rules, { ...same, vectors: same.vectors.toReversed() }).verdict).toBe(
      "invalid",
    );
    expect(reportOnReplication(alone, rules, { ...same, profile: "q" }).verdict).toBe("inconclusive");
  });

  test("of a classifier is about its labels: with others no signature holds, nor does one's own model agree", () => {
    const classes = { labels: ["no", "yes"], activation: "softmax" } as const;
    const replicas = keys.map((sessionKey, seq) => {
      const numbers = { seq, expiry: 7 };
      const digest = statementDigest(market, embeddingStatement({ ...spec, classes }, vectors, numbers));
      return { sessionKey, statement: { ...numbers, signature: sign(sessionKey, digest) } };
    });
    const sorted = { ...receipt, classes, replicas };
    expect(reportOnReplication(sorted, rules).verdict).toBe("valid");
    const swapped = { ...classes, labels: ["yes", "no"] };
    expect(reportOnReplication({ ...sorted, classes: swapped }, rules).verdict).toBe("invalid");
    expect(reportOnReplication({ ...receipt, classes }, rules).verdict).toBe("invalid");
    const again = { profile: "p", vectors: receipt.vectors.map(({ values }) => values) };
    expect(reportOnReplication(sorted, rules, { ...again, classes }).verdict).toBe("valid");
    expect(reportOnReplication(sorted, rules, { ...again, classes: swapped }).verdict).toBe("invalid");
  });

  test("does not survive one changed byte", () => {
    const at = fc.record({ vector: fc.nat(1), byte: fc.nat(7), bit: fc.nat(7) });
    fc.assert(
      fc.property(at, ({ vector, byte, bit }) => {
        const changed = vectors.map(({ tokens, values }, index) => ({
          tokens,
          values: toBase64(index === vector ? values.with(byte, values[byte]! ^ (1 << bit)) : values),
        }));
        expect(reportOnReplication({ ...receipt, vectors: changed }, rules).verdict).toBe("invalid");
      }),
    );
  });
});

test("vectors of no numbers, of several lengths or with infinite numbers are none", () => {
  const of = (...values: number[][]) =>
    dimensionsOf(
      values.map((each) => ({ tokens: 1, values: new Uint8Array(new Float32Array(each).buffer) })),
    );
  expect(of([1, 2], [3, 4])).toBe(2);
  for (const bad of [[], [[]], [[1], [1, 2]], [[Number.NaN]], [[Number.POSITIVE_INFINITY]]])
    expect(of(...bad)).toBeUndefined();
});

test("the digest of vectors tells where one ends and the next begins, and how many tokens each was", () => {
  const [a, b] = vectors as [Vector, Vector];
  const joined = { tokens: a.tokens, values: Uint8Array.of(...a.values, ...b.values) };
  const digests = [[a, b], [b, a], [joined], [{ ...a, tokens: 9 }, b]].map(vectorsDigest);
  expect(new Set(digests).size).toBe(4);
});
