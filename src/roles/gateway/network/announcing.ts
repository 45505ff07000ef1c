import { type Announced, type Note, noteBytes } from "../../../domain/verification/drawn-answer.ts";
import type { Channel, Dialer, Verify } from "../../../ports.ts";
import type { Order } from "../../../protocol/attempt.ts";
import type { Offer } from "../../../protocol/offer.ts";

/**
 * Tells these nodes of a request before its block, and collects what they sign for it: until each has answered or is
 * lost, or `signal` says that it is over. Never rejects.
 */
export async function announce(
  { dialer, verify }: { readonly dialer: Dialer; readonly verify: Verify },
  offers: readonly Offer[],
  announced: Announced,
  signal: AbortSignal,
): Promise<readonly Note[]> {
  const notes: Note[] = [];
  await Promise.all(
    offers.map(async (offer) => {
      const word = await askOne(dialer, offer, announced, signal);
      if (word === undefined) return;
      const note = { node: offer.address, sessionKey: offer.sessionKey, ...word };
      const isSigned = verify(note.sessionKey, noteBytes(announced, note), note.signature);
      if (isSigned && note.head < announced.block) notes.push(note);
    }),
  );
  return notes;
}

function askOne(
  dialer: Dialer,
  offer: Offer,
  announced: Announced,
  signal: AbortSignal,
): Promise<Pick<Note, "head" | "signature"> | undefined> {
  const { promise, resolve } = Promise.withResolvers<Pick<Note, "head" | "signature"> | undefined>();
  const channel: Channel<Order> = dialer.open(offer, {
    message: (word) =>
      resolve(word.t === "noted" ? { head: word.head, signature: word.signature } : undefined),
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
