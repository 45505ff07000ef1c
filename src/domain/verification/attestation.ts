import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { joined } from "./digest.ts";
import type { Receipt } from "./receipt.ts";

/** https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md */
const statementType = "https://in-toto.io/Statement/v1";
export const predicateType = "urn:holdfast:receipt:1";
export const payloadType = "application/vnd.in-toto+json";

/** A receipt as supply-chain tools know it: about an answer, by the SHA-256 of its text, and the model it came from. */
export interface Attestation {
  readonly _type: string;
  readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[];
  readonly predicateType: string;
  readonly predicate: Receipt;
}

export function attestationOf(receipt: Receipt): Attestation {
  const text = receipt.chunks.map(({ chunk }) => chunk.text).join("");
  return {
    _type: statementType,
    subject: [
      { name: "answer", digest: { sha256: bytesToHex(sha256(utf8ToBytes(text))) } },
      { name: "model", digest: { sha256: receipt.model.slice("sha256:".length) } },
    ],
    predicateType,
    predicate: receipt,
  };
}

/**
 * What is signed of an envelope: its type and payload with their lengths, so that neither passes for part of the other.
 * https://github.com/secure-systems-lab/dsse/blob/master/protocol.md#signature-definition
 */
export function preAuthEncoding(type: string, payload: Uint8Array): Uint8Array {
  const head = `DSSEv1 ${utf8ToBytes(type).length} ${type} ${payload.length} `;
  return joined([utf8ToBytes(head), payload]);
}
