import * as z from "zod";
import type { Clock, Store } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";

/** Peers that could be reached, kept on disk: with one of them alive, a restart needs no bootstrap. */
export interface Remembered {
  /** This peer was just reached at these multiaddrs. */
  remember(peer: string, multiaddrs: readonly string[]): void;
  /** Most recently reached first. */
  all(): Array<{ readonly peer: string; readonly multiaddrs: readonly string[] }>;
}

const entrySchema = z.object({
  multiaddrs: z.array(z.string().max(512)).max(limits.offerAddressesMax),
  reachedAt: z.number(),
});
const prefix = "peer/";

export function createRemembered(ports: { readonly store: Store; readonly clock: Clock }): Remembered {
  const { store, clock } = ports;

  function read(): Array<{ peer: string; multiaddrs: string[]; reachedAt: number }> {
    return store
      .entries(prefix)
      .flatMap(([key, value]) => {
        const entry = parse(value);
        return entry === undefined ? [] : [{ peer: key.slice(prefix.length), ...entry }];
      })
      .sort((a, b) => b.reachedAt - a.reachedAt);
  }

  return {
    remember(peer, multiaddrs) {
      if (multiaddrs.length === 0) return;
      const kept = multiaddrs.slice(0, limits.offerAddressesMax);
      store.put(prefix + peer, JSON.stringify({ multiaddrs: kept, reachedAt: clock.wall() }));
      for (const { peer: oldest } of read().slice(limits.peersRememberedMax)) store.delete(prefix + oldest);
    },
    all: read,
  };
}

/** A file edited by hand or written by another version is no reason not to start. */
function parse(value: string): z.infer<typeof entrySchema> | undefined {
  try {
    return entrySchema.parse(JSON.parse(value));
  } catch {
    return undefined;
  }
}
