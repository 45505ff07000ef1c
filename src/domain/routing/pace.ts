import type { ModelId, Ms, PeerId } from "../ids.ts";
import { type Pace, paceJoined, paceUnknown } from "../inference/pace.ts";

/** What each provider took in earlier jobs, by model: what is late for a small model is early for a large one. */
export interface Paces {
  of(peer: PeerId, model: ModelId): Pace;
  learn(peer: PeerId, model: ModelId, seen: Pace): void;
  forget(peer: PeerId): void;
}

export function createPaces(): Paces {
  const paces = new Map<PeerId, Map<ModelId, Pace>>();
  const of = (peer: PeerId, model: ModelId) => paces.get(peer)?.get(model) ?? paceUnknown;
  return {
    of,
    learn(peer, model, seen) {
      const own = paces.get(peer) ?? new Map<ModelId, Pace>();
      paces.set(peer, own.set(model, paceJoined(of(peer, model), seen)));
    },
    forget: (peer) => paces.delete(peer),
  };
}

/** Usual time to the first content after a short prompt; undefined while unknown. */
export function firstContentMs({ ready, read, first }: Pace): Ms | undefined {
  if (read.heard === 0) return undefined;
  return ready.intervalMs + shortPrompt * read.intervalMs + first.intervalMs;
}

/** Tokens. Long enough that a slow reader shows. */
const shortPrompt = 64;
