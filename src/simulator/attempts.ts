import type { PeerId } from "../domain/ids.ts";

/** Who was asked how often, and for how many attempts of one job. */
export interface AttemptCount {
  opened(job: string, peer: PeerId): void;
  /** One of them was turned away: no seat, or no use for it. */
  refused(): void;
  total(): number;
  /** Those that were not turned away. */
  taken(): number;
  mostOfOneJob(): number;
  of(peer: PeerId): number;
}

export function createAttemptCount(): AttemptCount {
  const jobs = new Map<string, number>();
  const peers = new Map<PeerId, number>();
  let total = 0;
  let most = 0;
  let refused = 0;
  return {
    opened(job, peer) {
      const count = (jobs.get(job) ?? 0) + 1;
      jobs.set(job, count);
      most = Math.max(most, count);
      peers.set(peer, (peers.get(peer) ?? 0) + 1);
      total += 1;
    },
    refused() {
      refused += 1;
    },
    total: () => total,
    taken: () => total - refused,
    mostOfOneJob: () => most,
    of: (peer) => peers.get(peer) ?? 0,
  };
}
