import type { Address, PeerId } from "../../domain/ids.ts";
import { auditDraw } from "../../domain/verification/audit.ts";
import type { Member } from "../../domain/verification/committee.ts";
import { type Receipt, tokensOf } from "../../domain/verification/receipt.ts";
import type { Ruling } from "../../domain/verification/ruling.ts";
import type { Proof } from "../../domain/verification/seat.ts";
import { type Draw, seated } from "../../domain/verification/sortition.ts";
import type { Beacons } from "../../ports.ts";
import type { OpenOrder, Order } from "../../protocol/attempt.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import type { Offer } from "../../protocol/offer.ts";
import type { HeldAudit } from "../../protocol/unwatched.ts";
import { type AssemblyMember, type AssemblyPorts, assemble } from "./assembly.ts";
import { readingOrders } from "./reading.ts";

/** Who is on offer, and their offers as they were signed. */
export interface Offers {
  /** With a bond behind them first: of very many only the first are asked for a draw. */
  offers(): readonly Offer[];
  signedOf(peer: Offer["peer"]): string | undefined;
}

export interface AuditPorts extends AssemblyPorts {
  readonly market: Offers;
}

/** An answer that nobody watched, audited: a receipt that convinces strangers, whichever way it went. */
export interface Audited {
  /** The executor. */
  readonly peer: PeerId;
  readonly receipt: Receipt;
  readonly ruling: Ruling;
  /** What its committee was shown, and what was opened. */
  readonly held: HeldAudit;
}

/** Told before anybody opens. False: it could not be kept, so nobody is to open. */
export type Showing = (held: HeldAudit) => Promise<boolean>;

/**
 * Undefined: its executor is not on offer or does not keep the set in time, too few of those drawn are there, or the chain
 * cannot say. "refused": its executor says that it opened for others in this epoch.
 */
export type AuditResult = Audited | "nobody-drawn" | "refused" | undefined;

/**
 * Has an answer read again by the nodes that the beacon of the epoch at block `epoch` draws, and holds what they saw
 * against what its executor sealed. Throws HoldfastError `no-prompt` or `not-sealed` (fault user).
 */
export async function audit(
  ports: AuditPorts,
  receipt: Receipt,
  epoch: number,
  signal: AbortSignal,
  showing: Showing = async () => true,
): Promise<AuditResult> {
  const { proof, model } = receipt;
  const { answer, executor, commits } = proof.set;
  const commit = commits.find(({ node }) => node === executor.node);
  const offered = ports.market.offers().filter((offer) => offer.models.some(({ id }) => id === model));
  const own = offered.find(({ address }) => address === executor.node);
  if (commit === undefined)
    throw new HoldfastError("Its executor sealed nothing, so there is nothing to audit.", {
      ...{ code: "not-sealed", fault: "user" },
    });
  const auditors = await drawnAmong(ports.beacons, offered, epoch, (beacon) =>
    auditDraw({ sealed: commit.sealed, executor: executor.node }, beacon),
  );
  ports.log.debug("audit-drawn", {
    job: answer.job,
    epoch,
    auditors: auditors?.length ?? 0,
    executor: own !== undefined,
  });
  if (own === undefined || auditors === undefined) return undefined;
  if (auditors.length === 0) return "nobody-drawn";
  const through = { t: "commit", through: answer.tokens, executor: executor.profile } as const;
  const members = [
    { member: executor, offer: own, orders: [], commit },
    ...auditors.map((offer) => memberOf(offer, receipt, (reading) => [...reading, through])),
  ];
  const offers = offersWith(receipt, offersOf(ports.market, auditors));
  const asked = {
    ...{ answer, epoch, said: tokensOf(receipt), members },
    showing: (shown: Proof) => showing({ proof: shown, offers }),
  };
  const assembled = await assemble(ports, asked, signal);
  if (assembled === undefined || assembled === "refused") return assembled;
  const held = { proof: assembled.proof, offers };
  return { peer: own.peer, receipt: { ...receipt, ...held }, ruling: assembled.ruling, held };
}

/** Those drawn, whose hash is lowest first, no more than a committee holds. Undefined while the chain cannot say. */
export async function drawnAmong(
  beacons: Beacons,
  offers: readonly Offer[],
  epoch: number,
  drawBy: (beacon: string) => Draw,
): Promise<Offer[] | undefined> {
  const known = offers.slice(0, limits.drawnAmongMax);
  const first = epoch === 0 ? undefined : await beacons.block(epoch);
  if (first === undefined) return undefined;
  const draw = drawBy(first.hash);
  const strangers = draw.excluded.filter((node) => !known.some(({ address }) => address === node));
  const nodes: Address[] = [...known.map(({ address }) => address), ...strangers];
  const weights = await beacons.weights(nodes, epoch - 1);
  if (weights === undefined) return undefined;
  const staked = nodes.map((node, at) => ({ node, stake: weights.stakes[at] ?? 0n }));
  const seats = seated(draw, staked, weights.total).slice(0, limits.committeeMax);
  return seats.flatMap((node) => known.find(({ address }) => address === node) ?? []);
}

/** One that reads the answer again; `orders` makes of the orders to read it all that it is told first. */
export function memberOf(
  offer: Offer,
  receipt: Receipt,
  orders: (reading: [OpenOrder, ...Order[]]) => readonly Order[],
): AssemblyMember {
  const { profile = "", contextTokens = 0 } = offer.models.find(({ id }) => id === receipt.model) ?? {};
  const member: Member = { node: offer.address, sessionKey: offer.sessionKey, profile };
  return { member, offer, orders: orders(readingOrders(receipt, contextTokens)) };
}

export function offersOf(market: Offers, offers: readonly Offer[]): Receipt["offers"] {
  return offers.flatMap(({ peer }) => {
    const signed = market.signedOf(peer);
    return signed === undefined ? [] : [JSON.parse(signed) as Receipt["offers"][number]];
  });
}

function offersWith({ offers }: Receipt, more: Receipt["offers"]): Receipt["offers"] {
  const known = new Set<string>(offers.map(({ body }) => body));
  return [...offers, ...more.filter(({ body }) => !known.has(body))].slice(0, limits.receiptOffersMax);
}
