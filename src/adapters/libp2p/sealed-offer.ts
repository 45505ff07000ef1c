import { createHash } from "node:crypto";
import type { OfferVerdict } from "../../domain/market/book.ts";
import type { Market712 } from "../../domain/verification/statement.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import { type Offer, offerBodySchema, signedOfferSchema } from "../../protocol/offer.ts";
import { addressOfPeer, type NodeKey } from "../keys/node-key.ts";
import { recoverOffer, signOffer } from "../keys/offer-signature.ts";

/** Why an offer was not taken. The last four are no accident: whoever passed such an offer on is to blame. */
export type OfferRefusal = Exclude<OfferVerdict, "newer"> | "oversize" | "garbage" | "forged";

const blamed: ReadonlySet<OfferRefusal> = new Set(["oversize", "garbage", "forged", "endless"]);

/** Would no honest node have passed this on? */
export function isBlamed(refusal: OfferRefusal): boolean {
  return blamed.has(refusal);
}

/** The bytes of a signed offer, as they travel. Throws HoldfastError `offer-too-large` (fault user). */
export async function sealOffer(offer: Offer, key: NodeKey, market: Market712): Promise<Uint8Array> {
  const body = JSON.stringify(offer);
  const seal = { digest: digest(body), seq: offer.seq, expiry: offer.expiresAt };
  const bytes = Buffer.from(JSON.stringify({ body, signature: await signOffer(key, market, seal) }));
  if (bytes.length > limits.offerBytesMax)
    throw new HoldfastError("This node's offer is too large to be passed on.", {
      code: "offer-too-large",
      fault: "user",
      remedy: "Offer fewer models or addresses, or shorten their names.",
      facts: { bytes: bytes.length, bytesMax: limits.offerBytesMax },
    });
  return bytes;
}

/**
 * Reads what a peer sent. Cheap checks come first (size, encoding, schema, times, sequence), the signature last: it
 * costs 3 ms, and nobody can make us spend them twice on one offer.
 */
export async function openOffer(
  bytes: Uint8Array,
  market: Market712,
  judge: (offer: Offer) => OfferVerdict,
): Promise<{ readonly offer: Offer } | { readonly refusal: OfferRefusal }> {
  if (bytes.length > limits.offerBytesMax) return { refusal: "oversize" };
  const signed = signedOfferSchema.safeParse(json(bytes));
  if (!signed.success) return { refusal: "garbage" };
  const { body, signature } = signed.data;
  const parsed = offerBodySchema.safeParse(json(Buffer.from(body)));
  if (!parsed.success) return { refusal: "garbage" };
  const offer = parsed.data;
  const verdict = judge(offer);
  if (verdict !== "newer") return { refusal: verdict };
  const address = addressOfPeer(offer.peer);
  if (address === undefined || address !== offer.address) return { refusal: "forged" };
  const seal = { digest: digest(body), seq: offer.seq, expiry: offer.expiresAt };
  if ((await recoverOffer(market, seal, signature)) !== address) return { refusal: "forged" };
  return { offer };
}

function digest(body: string): `0x${string}` {
  return `0x${createHash("sha256").update(body).digest("hex")}`;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    return undefined;
  }
}
