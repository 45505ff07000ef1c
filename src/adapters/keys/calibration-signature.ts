import { createHash } from "node:crypto";
import { bytesToHex, recoverMessageAddress } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import type { Address } from "../../domain/ids.ts";
import type { Calibration, SignedCalibration } from "../../protocol/calibration.ts";
import type { NodeKey } from "./node-key.ts";

/** A calibration as it is kept and passed on: the very bytes that were signed (EIP-191, over their SHA-256). */
export async function signCalibration(calibration: Calibration, key: NodeKey): Promise<SignedCalibration> {
  const body = JSON.stringify(calibration);
  const signature = await privateKeyToAccount(bytesToHex(key)).signMessage({
    message: { raw: digest(body) },
  });
  return { body, signature };
}

/** Who vouches for it. Rejects for what is no signature. */
export async function calibrationSigner({ body, signature }: SignedCalibration): Promise<Address> {
  const address = await recoverMessageAddress({
    message: { raw: digest(body) },
    signature: signature as `0x${string}`,
  });
  return address as Address;
}

function digest(body: string): `0x${string}` {
  return `0x${createHash("sha256").update(body).digest("hex")}`;
}
