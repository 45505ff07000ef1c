import { bytesToHex, type Hex, recoverTypedDataAddress } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import type { Address } from "../../domain/ids.ts";
import type { Market712 } from "../../domain/verification/statement.ts";
import type { NodeKey } from "./node-key.ts";

/** What is signed of an offer; see protocol/offer.ts. */
export interface OfferSeal {
  /** SHA-256 of the offer's body, `0x` and 64 hex digits. */
  readonly digest: Hex;
  readonly seq: number;
  /** Unix ms; the body's `expiresAt`. */
  readonly expiry: number;
}

/** EIP-712 domain of everything Holdfast signs. The bond contract computes the same one. */
export const domain712 = ({ chainId, bonds }: Market712) =>
  ({ name: "Holdfast", version: "1", chainId, verifyingContract: bonds }) as const;

const types = {
  Offer: [
    { name: "digest", type: "bytes32" },
    { name: "seq", type: "uint64" },
    { name: "expiry", type: "uint64" },
  ],
} as const;

/** EIP-712 signature by the node's key, 65 bytes as `0x` and 130 lower-case hex digits. About 2 ms. */
export function signOffer(privateKey: NodeKey, market: Market712, seal: OfferSeal): Promise<Hex> {
  return privateKeyToAccount(bytesToHex(privateKey)).signTypedData({
    domain: domain712(market),
    types,
    primaryType: "Offer",
    message: message(seal),
  });
}

/**
 * Address of the key that signed; compare it with the peer's own. Undefined when the signature is none at all.
 * About 3 ms: check size, schema and times first.
 */
export async function recoverOffer(
  market: Market712,
  seal: OfferSeal,
  signature: string,
): Promise<Address | undefined> {
  try {
    return (await recoverTypedDataAddress({
      domain: domain712(market),
      types,
      primaryType: "Offer",
      message: message(seal),
      signature: signature as Hex,
    })) as Address;
  } catch {
    return undefined;
  }
}

function message({ digest, seq, expiry }: OfferSeal) {
  return { digest, seq: BigInt(seq), expiry: BigInt(expiry) };
}
