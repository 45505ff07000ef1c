import { expect, test } from "vitest";
import { plainOffer } from "../../../test/rigs/network.ts";
import type { Address } from "../../domain/ids.ts";
import { createBook } from "../../domain/market/book.ts";
import { limits } from "../../protocol/limits.ts";
import type { Offer } from "../../protocol/offer.ts";
import { addressOf, makeNodeKey, peerIdOf } from "../keys/node-key.ts";
import { isBlamed, openOffer, sealOffer } from "./sealed-offer.ts";

const market = { chainId: 31337, bonds: "0x5FbDB2315678afecb367f032d93F642f64180aa3" as Address };
const key = makeNodeKey();
const wall = Date.now();

function offer(facts: Partial<Offer> = {}): Offer {
  const own = { peer: peerIdOf(key), address: addressOf(key), seq: 7 };
  return plainOffer({ ...own, issuedAt: wall, expiresAt: wall + limits.offerLifeMs, ...facts });
}

async function verdict(bytes: Uint8Array): Promise<string> {
  const book = createBook<Offer>(limits);
  const opened = await openOffer(bytes, market, (terms) => book.judge(terms, 0, wall));
  return "offer" in opened ? "taken" : opened.refusal;
}

test("a signed offer is opened as it was sealed", async () => {
  const opened = await openOffer(await sealOffer(offer(), key, market), market, () => "newer");
  expect(opened).toEqual({ offer: offer() });
});

test("an offer signed by another key, for another market, or changed afterwards is forged", async () => {
  const other = makeNodeKey();
  const sealed = await sealOffer(offer(), key, market);
  const changed = (from: string, to: string) => Buffer.from(Buffer.from(sealed).toString().replace(from, to));
  const forgeries = [
    await sealOffer(offer(), other, market),
    await sealOffer(offer(), key, { ...market, chainId: 1 }),
    await sealOffer(offer(), key, { ...market, bonds: addressOf(other) }),
    await sealOffer(offer({ address: addressOf(other) }), key, market),
    await sealOffer(offer({ address: addressOf(other) }), other, market),
    await sealOffer(offer({ peer: peerIdOf(other) }), key, market),
    changed('\\"seq\\":7', '\\"seq\\":8'),
    changed('\\"slots\\":1', '\\"slots\\":2'),
  ];
  for (const forgery of forgeries) expect(await verdict(forgery)).toBe("forged");
  expect(await verdict(sealed)).toBe("taken");
});

test("oversize, garbage, stale and endless offers are refused for what they are", async () => {
  const seal = (facts: Partial<Offer>) => sealOffer(offer(facts), key, market);
  const skew = limits.clockSkewMsMax;
  expect(await verdict(Buffer.alloc(limits.offerBytesMax + 1, 0x20))).toBe("oversize");
  expect(await verdict(await seal({ issuedAt: wall - skew - 2, expiresAt: wall - skew - 1 }))).toBe(
    "expired",
  );
  expect(await verdict(await seal({ expiresAt: wall + limits.offerLifeMsMax + 1 }))).toBe("endless");
  expect(await verdict(await seal({ issuedAt: wall + skew + 1, expiresAt: wall + skew + 9 }))).toBe(
    "premature",
  );
  const garbage = [
    "",
    "{}",
    "[",
    '{"body":"x","signature":"0x"}',
    `{"body":"{}","signature":"0x${"00".repeat(65)}"}`,
  ];
  for (const text of garbage) expect(await verdict(Buffer.from(text))).toBe("garbage");
  expect(await verdict(Buffer.from([0xff, 0xfe]))).toBe("garbage");
  expect((["oversize", "garbage", "forged", "endless"] as const).every(isBlamed)).toBe(true);
  expect((["same", "older", "expired", "premature", "full"] as const).some(isBlamed)).toBe(false);
});

test("an offer too large to be passed on is refused where it is made", async () => {
  const endpoints = Array.from({ length: 16 }, (_, at) => `${"x".repeat(250)}:${at}`);
  const multiaddrs = Array.from({ length: 16 }, () => `/dns4/${"y".repeat(400)}/tcp/1`);
  await expect(sealOffer(offer({ endpoints, multiaddrs }), key, market)).rejects.toMatchObject({
    code: "offer-too-large",
    fault: "user",
  });
});
