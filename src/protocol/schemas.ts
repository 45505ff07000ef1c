import * as z from "zod";
import type { Address, JobId, ModelId, PeerId, SessionKey } from "../domain/ids.ts";

/** Parsers of the branded names. Parse once, at the edge; inside, the type is the proof. */
const hex32 = /^[0-9a-f]{64}$/;

export const peerIdSchema = z
  .string()
  .regex(/^16Uiu2[1-9A-HJ-NP-Za-km-z]{40,50}$/, "not a secp256k1 peer id")
  .transform((id) => id as PeerId);
export const modelIdSchema = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, "a model id is sha256: and 64 hex digits")
  .transform((id) => id as ModelId);
export const jobIdSchema = z
  .string()
  .regex(hex32)
  .transform((id) => id as JobId);
export const sessionKeySchema = z
  .string()
  .regex(hex32)
  .transform((key) => key as SessionKey);
export const addressSchema = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .transform((address) => address as Address);
export const seedSchema = z.string().regex(hex32);
