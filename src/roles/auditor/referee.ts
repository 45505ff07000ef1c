import type { Address } from "../../domain/ids.ts";
import type { Contradiction } from "../../domain/verification/contradiction.ts";
import {
  type Dispute,
  encodeLoser,
  type Loser,
  loserOf,
  refereeDraw,
  refereedAnswer,
  refereesMin,
} from "../../domain/verification/dispute.ts";
import { type Receipt, tokensOf } from "../../domain/verification/receipt.ts";
import { referenceAmong } from "../../domain/verification/reference.ts";
import type { Proof } from "../../domain/verification/seat.ts";
import type { Order } from "../../protocol/attempt.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import type { Offer } from "../../protocol/offer.ts";
import { assemble } from "./assembly.ts";
import { type AuditPorts, drawnAmong, memberOf, offersOf } from "./audit.ts";

/** What referees made of a dispute. */
export interface Refereed {
  readonly reference: string;
  readonly referees: Proof;
  /** By which they vouch for their keys. */
  readonly offers: Receipt["offers"];
  readonly loser: Loser;
  /** For the judge contract. */
  readonly word: Uint8Array;
}

/**
 * Has a contradiction computed by referees whom the beacon at block `epoch` draws. Throws HoldfastError
 * `too-few-referees` (fault environment) where there are not enough of them on one reference profile, or not enough
 * answered; `no-prompt` (fault user).
 */
export async function referee(
  ports: AuditPorts,
  { receipt, accused, accuser }: Contradiction & { readonly receipt: Receipt },
  epoch: number,
  signal: AbortSignal,
): Promise<Refereed> {
  const { proof, model } = receipt;
  const dispute: Dispute = { proof, accused, accuser };
  const profileOf = ({ models }: Offer) => models.find(({ id }) => id === model)?.profile ?? "";
  const offered = ports.market.offers().filter((offer) => profileOf(offer) !== "");
  const drawn = await drawnAmong(ports.beacons, offered, epoch, (beacon) => refereeDraw(dispute, beacon));
  const reference = referenceAmong((drawn ?? []).map(profileOf));
  const seats = (drawn ?? []).filter((offer) => profileOf(offer) === reference);
  if (reference === undefined || seats.length < refereesMin) throw tooFew(drawn?.length ?? 0, seats.length);
  const { set, secret } = proof;
  const asked = {
    set: { ...set, witnesses: [...set.witnesses], commits: [...set.commits] },
    secret,
    accused,
    accuser,
  };
  const commit: Order = {
    ...{ t: "commit", through: set.answer.tokens, executor: reference, dispute: asked },
  };
  const members = seats.map((offer) =>
    memberOf(offer, receipt, ([open, ...said]) => [{ ...open, reference: true }, ...said, commit]),
  );
  const assembled = await assemble(ports, { answer: refereedAnswer(dispute), epoch, members }, signal);
  if (assembled === undefined || assembled === "refused") throw tooFew(seats.length, 0);
  const { proof: referees } = assembled;
  const { committee } = referees.set;
  const beaconAt = (block: number) =>
    committee.kind === "drawn" && committee.block === block ? referees.secret : undefined;
  const loser = loserOf(dispute, referees, { ...ports.rules, beaconAt, reference }, tokensOf(receipt));
  const nodes = new Set<Address>([referees.set.executor, ...referees.set.witnesses].map(({ node }) => node));
  const offers = offersOf(
    ports.market,
    seats.filter(({ address }) => nodes.has(address)),
  );
  return { reference, referees, offers, loser, word: encodeLoser(dispute, loser) };
}

function tooFew(drawn: number, seats: number): HoldfastError {
  return new HoldfastError(
    `A dispute needs at least ${refereesMin} referees, none of them involved, all on one reference profile.`,
    {
      ...{ code: "too-few-referees", fault: "environment", retryable: true },
      facts: { drawn, usable: seats },
      remedy: "The network is too small, or too many of it are away: try again in a later epoch.",
    },
  );
}
