import type { JobId, PeerId, SessionKey } from "../../../domain/ids.ts";
import type { AttemptId } from "../../../domain/inference/state.ts";
import type { Channel, ChannelEnd, Dialer, Log } from "../../../ports.ts";
import type { Order, Word } from "../../../protocol/attempt.ts";
import type { Roster } from "./job-ports.ts";

interface AttemptPorts {
  readonly dialer: Dialer;
  readonly log: Log;
  readonly roster: Pick<Roster, "offerOf" | "signedOf" | "opened" | "closed">;
}

interface AttemptListener {
  heard(attempt: AttemptId, word: Word): void;
  /** It ended from the other side, or never began. */
  lost(attempt: AttemptId, cause: ChannelEnd["code"] | "offer expired"): void;
}

/** One job's channels to providers, by attempt. */
export interface Attempts {
  /** By the session keys they vouch for: who was lost on the way may have another by the end. */
  readonly offers: ReadonlyMap<SessionKey, string>;
  open(attempt: AttemptId, peer: PeerId, order: Order): void;
  send(attempt: AttemptId, order: Order): void;
  /** From this side: nothing more is heard of it. False when it is closed already. */
  close(attempt: AttemptId): boolean;
}

export function createAttempts(
  { dialer, log, roster }: AttemptPorts,
  job: JobId,
  { heard, lost }: AttemptListener,
): Attempts {
  const channels = new Map<AttemptId, { channel: Channel<Order>; peer: PeerId }>();
  const offers = new Map<SessionKey, string>();
  return {
    offers,
    open(attempt, peer, order) {
      const offer = roster.offerOf(peer);
      if (offer === undefined) return lost(attempt, "offer expired");
      const signed = roster.signedOf(peer);
      if (signed !== undefined) offers.set(offer.sessionKey, signed);
      roster.opened(peer);
      const channel = dialer.open(offer, {
        message: (word) => heard(attempt, word),
        closed({ code, detail }) {
          if (!channels.delete(attempt)) return;
          roster.closed(peer);
          log.debug("attempt-lost", { job, peer, code, detail });
          lost(attempt, code);
        },
      });
      channels.set(attempt, { channel, peer });
      channel.send(order);
    },
    send: (attempt, order) => channels.get(attempt)?.channel.send(order),
    close(attempt) {
      const open = channels.get(attempt);
      if (open === undefined) return false;
      channels.delete(attempt);
      open.channel.close();
      roster.closed(open.peer);
      return true;
    },
  };
}
