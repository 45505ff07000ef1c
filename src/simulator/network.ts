import type { PeerId } from "../domain/ids.ts";
import type { Channel, ChannelEnd, ChannelHandlers, Dialer, Listener } from "../ports.ts";
import type { Order, Word } from "../protocol/attempt.ts";
import { limits } from "../protocol/limits.ts";
import { type AttemptCount, createAttemptCount } from "./attempts.ts";
import type { Chance } from "./chance.ts";
import { createLane, endFar, endNear, type Link, leave, type NetworkFaults } from "./link.ts";
import { createMachine, isBlocked, type Machine } from "./machine.ts";
import type { Timeline } from "./timeline.ts";

/** The data plane's double: channels between gateways and machines, and the faults a network and its machines have. */
export interface SimulatedNetwork {
  readonly faults: NetworkFaults;
  /** What gateways asked of whom. */
  readonly attempts: AttemptCount;
  /** `counted`: are its attempts those of answers? */
  dialer(gateway?: string, counted?: boolean): Dialer;
  listener(peer: PeerId): Listener;
  /** The machine's process dies: dialling is refused, and in a moment its sockets close. */
  kill(peer: PeerId): void;
  /** Alive again, and nothing in its way. Who listens there is the node's affair. */
  revive(peer: PeerId): void;
  /** The machine stops reading; its sockets stay. `false` lets it go on. */
  hang(peer: PeerId, hung: boolean): void;
  /** The link swallows everything both ways; nobody is told. Of one direction or one gateway with `way`. */
  cut(peer: PeerId, isCut: boolean, way?: Way): void;
  /** Everything to and from it takes so many times longer. */
  clog(peer: PeerId, slowness: number): void;
  /** Its channels break once; it lives on. */
  reset(peer: PeerId): void;
  /** What it sends is not the protocol. */
  garble(peer: PeerId, garbled: boolean): void;
  /** Called with what a node says of a drawn set, and to whom. True: that is lost, and its channel with it. */
  onTestimony(listener: (gateway: string, word: "closed" | "revealed") => boolean): void;
  /** A gateway's process ends: its channels break for the others, and it hears nothing more. */
  drop(gateway: string): void;
}

export interface Way {
  /** As the machine sees it; both when not given. */
  readonly direction?: "in" | "out";
  /** Every gateway when not given. */
  readonly gateway?: string;
}

const refused: ChannelEnd = { code: "unreachable", detail: "connection refused" };
const reset: ChannelEnd = { code: "broken", detail: "connection reset" };
const closed: ChannelEnd = { code: "closed", detail: "" };

/** As measured for one of ten providers on a machine with nothing else to do. */
const deathMsMean = 25;

export function createNetwork(timeline: Timeline, chance: Chance, faults: NetworkFaults): SimulatedNetwork {
  const attempts = createAttemptCount();
  let isLost: Parameters<SimulatedNetwork["onTestimony"]>[0] = () => false;
  const machines = new Map<PeerId, Machine>();
  const machineOf = (peer: PeerId): Machine => {
    const machine = machines.get(peer) ?? createMachine();
    machines.set(peer, machine);
    return machine;
  };

  return {
    ...{ faults, attempts },
    dialer: (gateway = "gateway", counted = true) => ({
      open: (offer, handlers) =>
        connect(machineOf(offer.peer), gateway, handlers, (order, link) => {
          if (!counted || order.t !== "open") return;
          link.isCounted = true;
          attempts.opened(order.job, offer.peer);
        }),
      close: async () => {},
    }),
    listener: (peer) => ({
      onAttempt(accept) {
        machineOf(peer).accept = accept;
      },
      close: async () => {},
    }),
    kill(peer) {
      const machine = machineOf(peer);
      Object.assign(machine, { alive: false, hung: false, accept: undefined });
      const links = [...machine.links];
      for (const link of links) {
        link.far = false;
        link.there.clear();
      }
      timeline.at(timeline.now() + chance.exponential(faults.deathMsMean ?? deathMsMean), () => {
        for (const link of links) link.back.carry(() => finish(machine, link, reset));
      });
      // Where no reset comes through, only the silence tells.
      watch(machine);
    },
    revive(peer) {
      const machine = machineOf(peer);
      Object.assign(machine, { alive: true, hung: false, garbled: false, slowness: 1 });
      machine.cuts.length = 0;
      release(machine);
    },
    hang(peer, hung) {
      const machine = machineOf(peer);
      machine.hung = hung;
      hung ? watch(machine) : release(machine);
    },
    cut(peer, isCut, way = {}) {
      const machine = machineOf(peer);
      if (isCut) machine.cuts.push(way);
      else
        machine.cuts = machine.cuts.filter(
          ({ direction, gateway }) => direction !== way.direction || gateway !== way.gateway,
        );
      isCut ? watch(machine) : release(machine);
    },
    clog(peer, slowness) {
      machineOf(peer).slowness = slowness;
    },
    reset(peer) {
      const machine = machineOf(peer);
      for (const link of machine.links) {
        link.back.carry(() => finish(machine, link, reset));
        link.there.carry(() => endFar(link, reset));
      }
    },
    garble(peer, garbled) {
      machineOf(peer).garbled = garbled;
    },
    onTestimony(listener) {
      isLost = listener;
    },
    drop(gateway) {
      for (const machine of machines.values()) {
        for (const link of machine.links) {
          if (link.gateway !== gateway) continue;
          leave(link);
          link.there.carry(() => finish(machine, link, reset));
        }
      }
    },
  };

  function connect(
    machine: Machine,
    gateway: string,
    handlers: ChannelHandlers<Word>,
    sent: (order: Order, link: Link) => void,
  ): Channel<Order> {
    const slowness = () => machine.slowness;
    const lane = (direction: "in" | "out") =>
      createLane(timeline, chance, faults, {
        isBlocked: () => isBlocked(machine, direction, gateway),
        slowness,
      });
    const link: Link = {
      ...{ gateway, handlers, remote: undefined, isCounted: false, near: true, far: true },
      there: lane("in"),
      back: lane("out"),
    };
    machine.links.add(link);
    link.there.carry(() => accept(machine, link));
    if (link.there.isBlocked() || link.back.isBlocked()) {
      timeline.at(timeline.now() + limits.connectMsMax, () => {
        if (link.remote === undefined) finish(machine, link, { code: "unreachable", detail: "no answer" });
      });
    }
    return {
      send(order) {
        sent(order, link);
        link.there.carry(() => link.far && link.remote?.message(order));
      },
      close() {
        leave(link);
        link.there.carry(() => finish(machine, link, closed));
      },
    };
  }

  function accept(machine: Machine, link: Link): void {
    const { gateway } = link;
    if (!link.near || link.remote !== undefined) return;
    if (!machine.alive || machine.accept === undefined || chance.hits(faults.refusal)) {
      link.far = false;
      return link.back.carry(() => finish(machine, link, refused));
    }
    link.remote = machine.accept(
      {
        send: (word) => {
          if (word.t === "refused" && link.isCounted) attempts.refused();
          const arrived = machine.garbled
            ? () => finish(machine, link, { code: "garbage", detail: "not the protocol" })
            : () => link.near && link.handlers.message(word);
          if ((word.t === "closed" || word.t === "revealed") && isLost(gateway, word.t))
            link.back.carry(() => finish(machine, link, reset));
          else if (link.far) link.back.carry(arrived);
        },
        close() {
          if (!link.far) return;
          link.far = false;
          link.back.carry(() => finish(machine, link, closed));
        },
      },
      link.gateway,
    );
  }

  /** Both sides know. */
  function finish(machine: Machine, link: Link, cause: ChannelEnd): void {
    link.back.clear();
    endNear(link, cause);
    const forget = () => {
      machine.links.delete(link);
      endFar(link, cause);
    };
    // A stopped process hears of it when it goes on.
    if (machine.hung && link.far) link.there.carry(forget);
    else forget();
  }

  /** Unanswered heartbeats end what is still in the way of something then. */
  function watch(machine: Machine): void {
    const patience = limits.heartbeatMs * limits.heartbeatMisses + chance.below(limits.heartbeatMs);
    timeline.at(timeline.now() + patience, () => {
      for (const link of machine.links) {
        const silent = !machine.alive || link.there.isBlocked() || link.back.isBlocked();
        if (silent) finish(machine, link, { code: "silent", detail: "heartbeats unanswered" });
      }
    });
  }

  function release(machine: Machine): void {
    for (const link of machine.links) {
      link.there.release();
      link.back.release();
    }
  }
}
