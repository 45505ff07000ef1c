import type { PeerId } from "../domain/ids.ts";

/** Who was asked how often, and for how many attempts of one job. */
export interface AttemptCount {
  opened(job: string, peer: PeerId): void;
  total(): number;
  mostOfOneJob(): number;
  of(peer: PeerId): number;
}

export function createAttemptCount(): AttemptCount {
  const jobs = new Map<string, number>();
  const peers = new Map<PeerId, number>();
  let total = 0;
  let most = 0;
  return {
    opened(job, peer) {
      const count = (jobs.get(job) ?? 0) + 1;
      jobs.set(job, count);
      most = Math.max(most, count);
      peers.set(peer, (peers.get(peer) ?? 0) + 1);
      total += 1;
    },
    total: () => total,
    mostOfOneJob: () => most,
    of: (peer) => peers.get(peer) ?? 0,
  };
}
