import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Client } from "../../domain/routing/fair-line.ts";
import type { Call } from "./backend.ts";

/**
 * Whose call it is, for sharing out turns: the key it came with, else the address; and within that the end user the
 * application names. Keys are kept as digests only, and so is what an application may have put a person's name into.
 */
export function clientOf({ headers, remote, body }: Call): Client {
  const key = headers["authorization"];
  const { user } = body;
  return {
    account: digest(key === undefined ? `from ${remote ?? ""}` : `key ${key}`),
    user: typeof user === "string" ? digest(user) : "",
  };
}

function digest(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)).subarray(0, 12));
}
