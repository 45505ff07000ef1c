import { CID } from "multiformats/cid";
import * as raw from "multiformats/codecs/raw";
import { create as createDigest } from "multiformats/hashes/digest";
import type { ModelId } from "../../domain/ids.ts";
import type { Log } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";
import type { Host } from "./host.ts";

/** A model's name in the distributed hash table: its SHA-256 as a content id, as any IPFS node would name its bytes. */
function cidOf(model: ModelId): CID {
  const sha256 = 0x12;
  return CID.createV1(raw.code, createDigest(sha256, Buffer.from(model.slice("sha256:".length), "hex")));
}

/** Says in the hash table that this node has these models. A hint beside gossip; what fails is tried at the next call. */
export function createModelNotices(ports: { readonly log: Log }, host: Host) {
  const said = new Set<ModelId>();
  return async (models: readonly ModelId[]): Promise<void> => {
    for (const model of models) {
      if (said.has(model)) continue;
      said.add(model);
      try {
        await host.contentRouting.provide(cidOf(model), {
          signal: AbortSignal.timeout(3 * limits.exchangeMsMax),
        });
      } catch (error) {
        said.delete(model);
        ports.log.debug("model.notice-failed", { model, detail: String(error) });
      }
    }
  };
}

/** Asks the hash table who has a model, and connects to them: their offers follow by exchange. Returns how many. */
export async function seekModel(ports: { readonly log: Log }, host: Host, model: ModelId): Promise<number> {
  let found = 0;
  try {
    const signal = AbortSignal.timeout(3 * limits.exchangeMsMax);
    for await (const provider of host.contentRouting.findProviders(cidOf(model), { signal })) {
      if (provider.id.equals(host.peerId)) continue;
      if (provider.multiaddrs.length > 0)
        await host.peerStore.merge(provider.id, { multiaddrs: provider.multiaddrs });
      await host.dial(provider.id, { signal }).then(
        () => {
          found += 1;
        },
        () => undefined,
      );
      if (found >= limits.peersWanted) break;
    }
  } catch (error) {
    ports.log.debug("model.seek-failed", { model, detail: String(error) });
  }
  return found;
}
