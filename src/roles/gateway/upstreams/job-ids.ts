import type { Random } from "../../../ports.ts";

const idBytes = 32;
const idsAtOnce = 64;
const hexOf = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Names of jobs: 32 random bytes as hex, drawn many at a time, since asking the kernel is most of the cost. */
export function jobIds(random: Random): () => string {
  let pool = new Uint8Array(0);
  let at = 0;
  return () => {
    if (at === pool.length) {
      pool = random.bytes(idBytes * idsAtOnce) as Uint8Array<ArrayBuffer>;
      at = 0;
    }
    let id = "";
    for (const end = at + idBytes; at < end; at++) id += hexOf[pool[at]!];
    return id;
  };
}
