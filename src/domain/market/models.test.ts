import { expect, test } from "vitest";
import type { ModelId } from "../ids.ts";
import { type ModelClaims, modelsOnOffer } from "./models.ts";

const honest = "sha256:aa" as ModelId;
const other = "sha256:bb" as ModelId;
const none = () => false;

function claims(stake: bigint, name = "small", contextTokens = 2048, id = honest): ModelClaims {
  return { models: [{ id, name, contextTokens }], stake };
}

test("a stranger without stake neither renames a model nor changes its window, before or after the others", () => {
  const strangers = [claims(0n, "evil", 1), claims(0n, "evil", 1), claims(0n, "evil", 1_000_000)];
  const staked = [claims(5n), claims(5n)];
  for (const offers of [
    [...strangers, ...staked],
    [...staked, ...strangers],
  ]) {
    expect(modelsOnOffer(offers, none)).toMatchObject([{ id: honest, name: "small", contextTokens: 2048 }]);
  }
});

test("a model is staked when two of its nodes are, one to speak and one to check", () => {
  const staked = (...stakes: bigint[]) =>
    modelsOnOffer(
      stakes.map((stake) => claims(stake)),
      none,
    )[0]?.staked;
  expect(staked(0n, 0n, 0n)).toBe(false);
  expect(staked(9n, 0n, 0n)).toBe(false);
  expect(staked(1n, 0n, 1n)).toBe(true);
});

test("where nobody has stake, the most nodes decide", () => {
  const offers = [claims(0n, "evil", 1), claims(0n), claims(0n)];
  expect(modelsOnOffer(offers, none)).toMatchObject([{ name: "small", contextTokens: 2048, providers: 2 }]);
});

test("the window is the largest that more than half of the weight holds", () => {
  const windows = (...sizes: Array<[stake: bigint, tokens: number]>) =>
    modelsOnOffer(
      sizes.map(([stake, tokens]) => claims(stake, "small", tokens)),
      none,
    )[0];
  expect(windows([1n, 8192], [1n, 2048])).toMatchObject({ contextTokens: 2048, providers: 2 });
  expect(windows([2n, 8192], [1n, 2048])).toMatchObject({ contextTokens: 8192, providers: 1 });
});

test("of two models under one name the registered one comes first, then the most staked", () => {
  const offers = [claims(9n, "small", 2048, other), claims(1n)];
  expect(modelsOnOffer(offers, none).map(({ id }) => id)).toEqual([other, honest]);
  expect(modelsOnOffer(offers, (id) => id === honest).map(({ id }) => id)).toEqual([honest, other]);
});
