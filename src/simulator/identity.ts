import type { Address, PeerId, SessionKey } from "../domain/ids.ts";
import type { Receipt } from "../domain/verification/receipt.ts";
import type { Tolerance } from "../domain/verification/tolerance.ts";
import type { Random, Signer, Verify } from "../ports.ts";
import type { Offer } from "../protocol/offer.ts";
import { mix, mixName } from "./chance.ts";

/** Keys without cryptography: they bind who, when started and what was signed as real ones do, and cost next to nothing. */

export function peerOf(index: number): PeerId {
  return `16Uiu2HAm${String(index).padStart(44, "x")}` as PeerId;
}

export function addressOf(peer: PeerId): Address {
  return `0x${hex(mixName(3, peer), 40)}` as Address;
}

/** A node makes a new session key at each start. */
export function createSigner(peer: PeerId, start: number): Signer {
  const sessionKey = hex(mix(mixName(5, peer), start), 64) as SessionKey;
  return { sessionKey, sign: (bytes) => signatureOf(sessionKey, bytes) };
}

/** Bytes that nobody else comes upon, the same in every run. */
export function createSalts(peer: PeerId, start: number): Random {
  let count = 0;
  return {
    bytes(length) {
      count += 1;
      const digits = hex(mix(mix(mixName(7, peer), start), count), 2 * length);
      return Uint8Array.from({ length }, (_, at) => Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16));
    },
  };
}

/** An offer as its node signed it, JSON. */
export function sealOffer(offer: Offer): string {
  const body = JSON.stringify(offer);
  return JSON.stringify({ body, signature: offerSignature(offer.peer, body) });
}

/** The node that vouches for an offer's session key; undefined where it did not sign it. */
export function openOffer({
  body,
  signature,
}: SignedOffer): Pick<Offer, "address" | "sessionKey"> | undefined {
  const { peer, address, sessionKey } = JSON.parse(body) as Offer;
  const isOwn = signature === offerSignature(peer, body) && address === addressOf(peer);
  return isOwn ? { address, sessionKey } : undefined;
}

type SignedOffer = Receipt["offers"][number];

function offerSignature(peer: PeerId, body: string): string {
  return `0x${hex(mix(mixName(13, peer), mixName(17, body)), 130)}`;
}

/** The chain on which simulated nodes are bonded. */
export const simulatedMarket = { chainId: 1, bonds: `0x${"b0".repeat(20)}` as Address };

/** Bounds on what lies between two honest simulated engines: noise of at most 0.04 on each logit. */
export const simulatedTolerance: Tolerance = {
  distance: [{ from: 1, near: 1, far: 2 }],
  margin: [{ from: 8, near: 0.1, far: 0.3 }],
  marginMax: 1.2,
};

export const verify: Verify = (key, bytes, signature) => signatureOf(key, bytes) === signature;

function signatureOf(key: SessionKey, bytes: Uint8Array): string {
  let hash = Number.parseInt(key.slice(0, 8), 16) | 0;
  for (let at = 0; at < bytes.length; at++) hash = Math.imul(hash ^ bytes[at]!, 16777619);
  // Eight digits are valid base64, as what a receipt holds has to be.
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/** So many hex digits, which follow from the seed. */
export function hex(seed: number, length: number): string {
  let digits = "";
  for (let part = 0; digits.length < length; part++) digits += mix(seed, part).toString(16).padStart(8, "0");
  return digits.slice(0, length);
}
