import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { Address } from "../../domain/ids.ts";
import { addressOf, makeNodeKey } from "./node-key.ts";
import { recoverOffer, signOffer } from "./offer-signature.ts";

const market = { chainId: 31337, bonds: "0x5FbDB2315678afecb367f032d93F642f64180aa3" as Address };
const digest = `0x${createHash("sha256").update("an offer").digest("hex")}` as const;
const seal = { digest, seq: 7, expiry: 1_800_000_000_000 };

test("an offer's signer is recovered, and any changed fact recovers another", async () => {
  const key = makeNodeKey();
  const signature = await signOffer(key, market, seal);
  expect(signature).toMatch(/^0x[0-9a-f]{130}$/);
  expect(await recoverOffer(market, seal, signature)).toBe(addressOf(key));
  const changed = [
    recoverOffer({ ...market, chainId: 1 }, seal, signature),
    recoverOffer({ ...market, bonds: addressOf(makeNodeKey()) }, seal, signature),
    recoverOffer(market, { ...seal, seq: 8 }, signature),
    recoverOffer(market, { ...seal, expiry: seal.expiry + 1 }, signature),
    recoverOffer(market, { ...seal, digest: `0x${"00".repeat(32)}` }, signature),
  ];
  for (const address of await Promise.all(changed)) expect(address).not.toBe(addressOf(key));
});

test("a signature that is none gives no address instead of an exception", async () => {
  for (const garbage of [
    "",
    "0x",
    `0x${"00".repeat(65)}`,
    `0x${"ff".repeat(65)}`,
    "not hex",
    `0x${"12".repeat(70)}`,
  ])
    expect(await recoverOffer(market, seal, garbage)).toBeUndefined();
  expect(await recoverOffer(market, { ...seal, digest: "0xzz" }, `0x${"11".repeat(65)}`)).toBeUndefined();
});
