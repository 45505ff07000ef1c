import { bytesToHex, hexToBytes, recoverMessageAddress } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import type { Address } from "../../domain/ids.ts";
import { payloadType, preAuthEncoding } from "../../domain/verification/attestation.ts";
import type { Envelope } from "../../protocol/receipt.ts";
import { addressOf, type NodeKey } from "./node-key.ts";

/** A text in a DSSE envelope, signed by the node's key as wallets sign messages (EIP-191). */
export async function sealEnvelope(text: string, key: NodeKey): Promise<Envelope> {
  const payload = Buffer.from(text);
  const raw = preAuthEncoding(payloadType, payload);
  const signature = await privateKeyToAccount(bytesToHex(key)).signMessage({ message: { raw } });
  return {
    payloadType,
    payload: payload.toString("base64"),
    signatures: [{ keyid: addressOf(key), sig: Buffer.from(hexToBytes(signature)).toString("base64") }],
  };
}

/** The text in an envelope, and the nodes whose signatures on it hold. Those that do not are passed over. */
export async function openEnvelope({ payloadType, payload, signatures }: Envelope) {
  const bytes = Buffer.from(payload, "base64");
  const raw = preAuthEncoding(payloadType, bytes);
  const signers = await Promise.all(
    signatures.map(async ({ keyid, sig }) => {
      try {
        const signature = bytesToHex(Buffer.from(sig, "base64"));
        const address = await recoverMessageAddress({ message: { raw }, signature });
        return address === keyid ? [address as Address] : [];
      } catch {
        return [];
      }
    }),
  );
  return { text: bytes.toString(), signers: signers.flat() };
}
