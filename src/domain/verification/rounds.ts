import { type Hex32, secretHash } from "./committee.ts";

/**
 * How often a requester may hold commit and reveal in one job: where a committee comes to no verdict it meets again with
 * one more witness, and where an executor was false another's answer is proved. Each round needs positions that nobody
 * could foresee, so each has a secret of its own, and each secret is the hash of the next round's. One promise, told
 * before anybody answered, is thereby kept by all of them, and whoever heard one knows nothing of the next.
 *
 *   promise = H(first),  first = H(second),  second = H(third) …
 */
export const roundsMax = 8;

/** The secrets of the rounds, the first to be told first, out of the last: 32 fresh random bytes. */
export function roundSecrets(last: Hex32): Hex32[] {
  const secrets = [last];
  while (secrets.length < roundsMax) secrets.unshift(secretHash(secrets[0]!));
  return secrets;
}

/** Is this the hash of a round's secret, by what the job promised? */
export function isPromised(hash: Hex32, promise: Hex32 | undefined): boolean {
  let at = hash;
  for (let round = 0; round < roundsMax; round += 1) {
    if (at === promise) return true;
    at = secretHash(at);
  }
  return false;
}
