import { randomBytes } from "node:crypto";
import type { Random } from "../../ports.ts";

/** The kernel's random source. */
export const systemRandom: Random = {
  bytes: (length) => new Uint8Array(randomBytes(length)),
};
