import type { Ms, PeerId, SessionKey } from "../ids.ts";

/** What routing knows of a provider of the model asked for. */
export interface Known {
  readonly peer: PeerId;
  readonly sessionKey: SessionKey;
  readonly witness: boolean;
  readonly resume: boolean;
  /** Attempts of this gateway under way there, and how many it says it runs at once. */
  readonly running: number;
  readonly slots: number;
  /** Bonded stake, smallest unit. */
  readonly stake: bigint;
  /** Not asked before this time unless nobody else is left. */
  readonly quarantinedUntil: Ms;
  /** 0 (always fails) to 1. */
  readonly score: number;
  /** What it can fail together with: operator, region, build, hardware, network range. */
  readonly domain: readonly string[];
}

/**
 * Orders providers for one job, best first: those in quarantine last (but never left out: the last live provider is
 * not locked out), then by load and score with a little chance, each next one preferring failure domains that those
 * before it do not share. `chance` returns numbers in [0, 1).
 */
export function rank(known: readonly Known[], now: Ms, chance: () => number): Known[] {
  const scored = known.map((provider) => ({ provider, merit: meritOf(provider, now) + chance() * 0.2 }));
  scored.sort((a, b) => b.merit - a.merit);
  const ordered: Known[] = [];
  const used = new Set<string>();
  while (scored.length > 0) {
    let best = 0;
    let bestMerit = -Infinity;
    // Only the first few places are about being unlike one another; beyond them the order by merit stands.
    const window = ordered.length < unlikeAmong ? Math.min(scored.length, unlikeAmong * 4) : 1;
    for (let index = 0; index < window; index++) {
      const { provider, merit } = scored[index]!;
      const shared = provider.domain.filter((part) => used.has(part)).length;
      const unlike = merit - shared * sharedCost;
      if (unlike > bestMerit) [best, bestMerit] = [index, unlike];
    }
    const provider = scored.splice(best, 1)[0]!.provider;
    ordered.push(provider);
    for (const part of provider.domain) used.add(part);
  }
  return ordered;
}

/** Executor, two witnesses and their first replacements. */
const unlikeAmong = 6;
/** One shared part of a failure domain weighs as much as a quarter of full load. */
const sharedCost = 0.25;

function meritOf(provider: Known, now: Ms): number {
  const load = provider.running / provider.slots;
  const quarantine = provider.quarantinedUntil > now ? 10 : 0;
  const full = load >= 1 ? 2 : 0;
  return provider.score + (provider.stake > 0n ? 0.5 : 0) - load - full - quarantine;
}
