import type { ModelId, Ms, PeerId } from "../ids.ts";
import { type Pace, paceJoined, paceUnknown } from "../inference/pace.ts";

/** What each provider took in earlier jobs, by model: what is late for a small model is early for a large one. */
export interface Paces {
  of(peer: PeerId, model: ModelId): Pace;
  /**
   * Time to the first content after a short prompt, in the jobs of the last moments. Undefined when there were none:
   * whoever was slow and is not asked any more could never show that it has recovered.
   */
  firstContentMs(peer: PeerId, model: ModelId, now: Ms): Ms | undefined;
  learn(peer: PeerId, model: ModelId, seen: Pace, now: Ms): void;
  forget(peer: PeerId): void;
}

interface Kept {
  readonly pace: Pace;
  readonly firstContentMs: Ms | undefined;
  readonly at: Ms;
}

export function createPaces(): Paces {
  const paces = new Map<PeerId, Map<ModelId, Kept>>();
  const fresh = (kept: Kept | undefined, now: Ms) => (kept && now - kept.at < freshMs ? kept : undefined);
  return {
    of: (peer, model) => paces.get(peer)?.get(model)?.pace ?? paceUnknown,
    firstContentMs: (peer, model, now) => fresh(paces.get(peer)?.get(model), now)?.firstContentMs,
    learn(peer, model, seen, now) {
      const own = paces.get(peer) ?? new Map<ModelId, Kept>();
      const before = own.get(model);
      const pace = paceJoined(before?.pace ?? paceUnknown, seen);
      const took = firstContentOf(seen, pace);
      const usual = fresh(before, now)?.firstContentMs ?? took;
      const news = took === undefined || usual === undefined ? undefined : (usual + took) / 2;
      const { firstContentMs, at } = before ?? { firstContentMs: undefined, at: now };
      const latest = news === undefined ? { firstContentMs, at } : { firstContentMs: news, at: now };
      paces.set(peer, own.set(model, { pace, ...latest }));
    },
    forget: (peer) => paces.delete(peer),
  };
}

/** By one job; what it did not show, as usual. Nothing, when it did not even read. */
function firstContentOf({ ready, read, first }: Pace, usual: Pace): Ms | undefined {
  if (read.heard === 0) return undefined;
  const firstMs = (first.heard > 0 ? first : usual.first).intervalMs;
  return ready.intervalMs + shortPrompt * read.intervalMs + firstMs;
}

/** Tokens. Long enough that a slow reader shows. */
const shortPrompt = 64;
/** Whoever was slow is tried again after this: at most one answer's start is late for it, and a follower steps in. */
const freshMs: Ms = 5_000;
