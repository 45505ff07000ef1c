import { type Announced, type Note, noteBytes } from "../../../domain/verification/drawn-answer.ts";
import type { Channel, Dialer, Verify } from "../../../ports.ts";
import type { Order } from "../../../protocol/attempt.ts";
import type { Offer } from "../../../protocol/offer.ts";

/** What came of telling nodes of a request: what they signed for it, and how many of the others had no seat free. */
export interface Announcement {
  readonly notes: readonly Note[];
  readonly busy: number;
}

/**
 * Tells these nodes of a request before its block, and collects what they sign for it: until each has answered or is
 * lost, or `signal` says that it is over. Never rejects.
 */
export async function announce(
  { dialer, verify }: { readonly dialer: Dialer; readonly verify: Verify },
  offers: readonly Offer[],
  announced: Announced,
  signal: AbortSignal,
): Promise<Announcement> {
  const notes: Note[] = [];
  let busy = 0;
  await Promise.all(
    offers.map(async (offer) => {
      const word = await askOne(dialer, offer, announced, signal);
      if (word === "busy") busy += 1;
      if (word === undefined || word === "busy") return;
      const note = { node: offer.address, sessionKey: offer.sessionKey, ...word };
      const isSigned = verify(note.sessionKey, noteBytes(announced, note), note.signature);
      if (isSigned && note.head < announced.block) notes.push(note);
    }),
  );
  return { notes, busy };
}

type Noted = Pick<Note, "head" | "signature">;

function askOne(
  dialer: Dialer,
  offer: Offer,
  announced: Announced,
  signal: AbortSignal,
): Promise<Noted | "busy" | undefined> {
  const { promise, resolve } = Promise.withResolvers<Noted | "busy" | undefined>();
  const channel: Channel<Order> = dialer.open(offer, {
    message(word) {
      if (word.t === "noted") resolve({ head: word.head, signature: word.signature });
      else resolve(word.t === "refused" && word.code === "busy" ? "busy" : undefined);
    },
    closed: () => resolve(undefined),
  });
  channel.send({ t: "announce", ...announced });
  const stop = () => resolve(undefined);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  return promise.finally(() => {
    signal.removeEventListener("abort", stop);
    channel.close();
  });
}
