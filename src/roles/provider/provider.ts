import { networkRange } from "../../domain/routing/network-range.ts";
import type { Engine, Listener, Log, Market } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";
import type { Offer } from "../../protocol/offer.ts";
import { converse } from "./conversation.ts";
import { embed } from "./embedding.ts";
import { byFirstOrder } from "./first-order.ts";
import { createGuests } from "./guests.ts";
import { createNotes } from "./notes.ts";
import { openVoice } from "./open-voice.ts";
import type { RecallPorts } from "./recall.ts";
import { createReference, type ReferencePorts } from "./reference-voice.ts";
import type { Identity } from "./testimony.ts";

export interface ProviderPorts extends Omit<RecallPorts, keyof Identity>, ReferencePorts {
  readonly listener: Listener;
  readonly market: Market;
  readonly engines: readonly Engine[];
  readonly log: Log;
}

export interface ProviderOptions {
  readonly identity: Identity;
  /** SHA-256 of the TLS certificate the listener shows, hex. */
  readonly certificate: string;
  /** Data plane addresses, `host:port`. */
  readonly endpoints: readonly string[];
  readonly domain: Offer["domain"];
  readonly priceIn: string;
  readonly priceOut: string;
}

/** Serves attempts, each by `talk`, and keeps an offer standing. Resolves once the first offer is out. */
export async function startProvider(
  ports: ProviderPorts,
  options: ProviderOptions,
  talk: typeof converse = converse,
): Promise<void> {
  const { listener, market, engines, log } = ports;
  const embedding = engines.filter((engine) => engine.kind === "embedding");
  const speaking = engines.filter((engine) => engine.kind !== "embedding");
  const slots = Math.max(...engines.map((engine) => engine.slots));
  const openReference = createReference(ports);
  const notes = createNotes();
  let running = 0;
  const guests = createGuests({ seats: slots, ...guestLimits }, () => ports.clock.now());

  listener.onAttempt((channel, remote) => {
    const guest = guests.arrive(machineOf(remote));
    if (guest === undefined || running >= slots + limits.attemptsWaitingMax) {
      guest?.leave();
      channel.send({ t: "refused", code: "busy", message: "this node is at capacity", retryAfterMs: 1000 });
      channel.close();
      return { message: () => {}, closed: () => {} };
    }
    running += 1;
    log.debug("attempt-opened", { remote, running });
    let open = true;
    const left = () => {
      if (!open) return;
      open = false;
      running -= 1;
      guest.leave();
    };
    const own = { ...ports, ...options.identity };
    const seated: typeof channel = {
      send: (word) => channel.send(word),
      close: () => {
        left();
        channel.close();
      },
    };
    const handlers = byFirstOrder({
      speak: () =>
        talk(
          {
            ...{ ...own, notes },
            openVoice: (order, signal) =>
              order.reference
                ? openReference(order, signal)
                : openVoice({ ...ports, engines: speaking }, order, signal),
          },
          seated,
        ),
      embed: () => embed({ ...own, engines: embedding }, seated),
    });
    return {
      message: handlers.message,
      closed: (cause) => {
        left();
        handlers.closed(cause);
      },
    };
  });

  await market.publish(offerOf(ports, options, slots));
}

const guestLimits = { share: limits.guestShare, rememberedMs: limits.guestsRememberedMs };

/** Of `address:port`: a machine has as many ports as it likes, and of IPv6 as many addresses as its /64 holds. */
function machineOf(remote: string): string {
  return networkRange(remote.replace(/:\d+$/, ""), { v4: 4, v6: 4 });
}

function offerOf({ engines, signer }: ProviderPorts, options: ProviderOptions, slots: number) {
  const { certificate, endpoints, domain, priceIn, priceOut } = options;
  return {
    v: 1 as const,
    sessionKey: signer.sessionKey,
    certificate,
    endpoints: [...endpoints],
    // The market knows best where its node is reached, and adds it.
    multiaddrs: [],
    models: engines.map((engine) => ({
      id: engine.model,
      name: engine.name,
      contextTokens: engine.contextTokens,
      witness: engine.kind === "token",
      resume: engine.kind === "token" || (engine.kind === "text" && engine.resume),
      ...(engine.kind === "embedding" ? {} : { ids: engine.kind === "token" }),
      ...(engine.kind === "token" && engine.sampled === true ? { sampled: true } : {}),
      ...(engine.kind === "token" && engine.unverified === true ? { unverified: true } : {}),
      ...(engine.kind === "embedding" ? { dimensions: engine.dimensions } : {}),
      ...(engine.kind === "embedding" && engine.classes !== undefined ? { classes: engine.classes } : {}),
      ...(engine.kind === "token" && engine.vocabulary !== undefined ? { schema: true } : {}),
      profile: engine.profile,
      priceIn,
      priceOut,
    })),
    slots,
    domain,
  };
}
