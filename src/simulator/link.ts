import type { ChannelEnd, ChannelHandlers } from "../ports.ts";
import type { Order, Word } from "../protocol/attempt.ts";
import type { Chance } from "./chance.ts";
import type { Timeline } from "./timeline.ts";

/** What the whole network suffers. Mutable: storms rise and are calmed. */
export interface NetworkFaults {
  delayMsMean: number;
  /** Probability that dialling is refused though the machine lives. */
  refusal: number;
  /** Share of messages that are lost once and sent again: on an ordered stream a loss is a delay for all behind it. */
  loss?: number;
  /** From a process's death until its connections end, mean, ms: its kernel frees its memory first. */
  deathMsMean?: number;
}

/** Time after which a lost segment is sent again, ms (TCP's least retransmission time-out on Linux). */
const resendMs = 200;

/** One direction of a channel: a reliable, ordered stream. What cannot pass now is held, and passes when it can. */
export interface Lane {
  carry(run: () => void): void;
  isBlocked(): boolean;
  /** The way may be free again. */
  release(): void;
  /** What was under way is gone. */
  clear(): void;
}

/** One attempt's channel, from a gateway to a machine. Either side may know of its end before the other does. */
export interface Link {
  readonly gateway: string;
  readonly there: Lane;
  readonly back: Lane;
  /** The gateway's; nobody's once it has left, or a stopped machine's links would hold on to every job that ever asked it. */
  handlers: ChannelHandlers<Word>;
  /** The provider's side, once it accepted. */
  remote: ChannelHandlers<Order> | undefined;
  /** An answer's attempt was opened on it. */
  isCounted: boolean;
  /** The sides that still take this channel for open. */
  near: boolean;
  far: boolean;
}

export interface LaneConditions {
  isBlocked(): boolean;
  /** Times longer than usual. */
  slowness(): number;
}

export function createLane(
  timeline: Timeline,
  chance: Chance,
  faults: NetworkFaults,
  conditions: LaneConditions,
): Lane {
  let last = 0;
  let held: Array<() => void> = [];
  const arrive = (run: () => void) => {
    if (held.length > 0 || conditions.isBlocked()) held.push(run);
    else run();
  };
  return {
    carry(run) {
      let delay = chance.exponential(faults.delayMsMean) * conditions.slowness();
      if (faults.loss !== undefined) {
        for (let tries = 0; tries < 5 && chance.hits(faults.loss); tries++) delay += resendMs * 2 ** tries;
      }
      last = Math.max(last, timeline.now() + delay);
      timeline.at(last, () => arrive(run));
    },
    isBlocked: conditions.isBlocked,
    release() {
      if (held.length === 0 || conditions.isBlocked()) return;
      const due = held;
      held = [];
      for (const run of due) run();
    },
    clear() {
      held = [];
    },
  };
}

/** The gateway's side learns that the channel is gone. */
export function endNear(link: Link, cause: ChannelEnd): void {
  if (!link.near) return;
  const { handlers } = link;
  leave(link);
  handlers.closed(cause);
}

/** The gateway's side ends it, and hears nothing more. */
export function leave(link: Link): void {
  link.near = false;
  link.handlers = nobody;
}

const nobody: ChannelHandlers<Word> = { message() {}, closed() {} };

/** The provider's side learns it. */
export function endFar(link: Link, cause: ChannelEnd): void {
  if (!link.far) return;
  link.far = false;
  link.remote?.closed(cause);
}
