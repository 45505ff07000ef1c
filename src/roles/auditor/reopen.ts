import type { Address } from "../../domain/ids.ts";
import { type Receipt, tokensOf } from "../../domain/verification/receipt.ts";
import { rule } from "../../domain/verification/ruling.ts";
import type { Proof } from "../../domain/verification/seat.ts";
import type { Beacons, Clock, Dialer } from "../../ports.ts";
import type { Word } from "../../protocol/attempt.ts";
import { limits } from "../../protocol/limits.ts";
import type { Offer } from "../../protocol/offer.ts";
import { latestExpiry } from "../../protocol/statement-life.ts";
import type { HeldAudit } from "../../protocol/unwatched.ts";
import { lookUpAudit } from "../committee/drawn-receipt.ts";
import { wordsOf } from "../committee/set-words.ts";
import type { Audited, AuditPorts } from "./audit.ts";

/**
 * Asks an executor for the opening that an audit is still owed: its reply was lost, or it would not, or whoever held the
 * audit was gone. It opens once in an epoch, so no other set will do, and none is needed: what the others opened still
 * stands. Undefined while it does not answer; "void" when its members are not drawn by the chain as it is now: then
 * another epoch is to draw others.
 */
export async function reopen(
  ports: AuditPorts,
  receipt: Receipt,
  held: HeldAudit,
  signal: AbortSignal,
): Promise<Audited | "void" | undefined> {
  const { executor } = held.proof.set;
  const offer = ports.market.offers().find(({ address }) => address === executor.node);
  const asked = await asTheChainHasIt(ports.beacons, held.proof);
  if (asked === "void") return "void";
  if (offer === undefined || asked === undefined) return undefined;
  const isOwn = ({ node }: { readonly node: Address }) => node === executor.node;
  // It may have opened, and what that came to could not be kept.
  const opening = asked.openings.find(isOwn) ?? (await openingOf(ports, offer, asked, signal))?.opening;
  if (opening === undefined) return undefined;
  const others = asked.openings.filter((each) => !isOwn(each));
  const proof = { ...asked, openings: [{ ...opening, node: executor.node }, ...others] };
  const expiryMax = latestExpiry(ports.clock.wall());
  const rules = { ...ports.rules, beaconAt: () => proof.secret, expiryMax };
  return {
    peer: offer.peer,
    receipt: { ...receipt, proof, offers: held.offers },
    ruling: rule(proof, rules, tokensOf(receipt)),
    held: { ...held, proof },
  };
}

/**
 * Its blocks may have become others since. Another that draws makes a committee of those who have no seat; another that
 * decides positions opens others, and what was opened stands for nothing.
 */
async function asTheChainHasIt(beacons: Beacons, proof: Proof): Promise<Proof | "void" | undefined> {
  const drawn = await lookUpAudit(beacons, proof.set);
  if (drawn === undefined) return undefined;
  if (drawn.strangers.length > 0) return "void";
  const { beacon } = drawn.positions;
  return beacon === proof.secret ? proof : { ...proof, secret: beacon, openings: [] };
}

type Revealed = Extract<Word, { t: "revealed" }>;

function openingOf(
  { dialer, clock }: { readonly dialer: Dialer; readonly clock: Clock },
  offer: Offer,
  { set, secret }: Proof,
  signal: AbortSignal,
): Promise<Revealed | undefined> {
  const { promise, resolve } = Promise.withResolvers<Revealed | undefined>();
  const stop = () => resolve(undefined);
  const channel = dialer.open(offer, {
    message(word) {
      if (word.t === "revealed") resolve(word);
      if (word.t === "refused") stop();
    },
    closed: stop,
  });
  channel.send({ t: "recall", job: set.answer.job });
  channel.send({ t: "reveal", set: wordsOf(set), secret });
  const stopWaiting = clock.after(limits.auditOpenMsMax, stop);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  return promise.finally(() => {
    signal.removeEventListener("abort", stop);
    stopWaiting();
    channel.close();
  });
}
