import type { Channel, ChannelHandlers } from "../ports.ts";
import type { Order, Word } from "../protocol/attempt.ts";
import type { Link } from "./link.ts";
import type { Way } from "./network.ts";

/** One machine as the network knows it: who listens there, what is in its way, and its open channels. */
export interface Machine {
  accept: ((channel: Channel<Word>, remote: string) => ChannelHandlers<Order>) | undefined;
  alive: boolean;
  hung: boolean;
  garbled: boolean;
  slowness: number;
  cuts: Way[];
  readonly links: Set<Link>;
}

export function createMachine(): Machine {
  const links = new Set<Link>();
  return { accept: undefined, alive: true, hung: false, garbled: false, slowness: 1, cuts: [], links };
}

/** Does nothing pass this way? A stopped machine's sockets still take what comes in; what it had sent is on its way. */
export function isBlocked({ hung, cuts }: Machine, direction: "in" | "out", gateway: string): boolean {
  if (hung && direction === "in") return true;
  if (cuts.length === 0) return false;
  return cuts.some(
    (way) =>
      (way.direction ?? direction) === direction && (way.gateway === undefined || way.gateway === gateway),
  );
}
