import type { PeerId } from "../domain/ids.ts";
import type { Channel, ChannelEnd, ChannelHandlers, Dialer, Listener } from "../ports.ts";
import type { Order, Word } from "../protocol/attempt.ts";
import type { Chance } from "./chance.ts";
import type { Timeline } from "./timeline.ts";

/** The network double: channels between peers with delay, and the faults a network and its machines have. */
export interface SimulatedNetwork {
  dialer(): Dialer;
  listener(peer: PeerId): Listener;
  /** The machine's sockets close: channels break, dialling is refused. */
  kill(peer: PeerId): void;
  /** The machine stops reading and writing; its sockets stay. `false` lets it go on. */
  hang(peer: PeerId, hung: boolean): void;
  /** The link swallows everything both ways; nobody is told. */
  cut(peer: PeerId, isCut: boolean): void;
  revive(peer: PeerId): void;
}

interface Machine {
  accept: ((channel: Channel<Word>, remote: string) => ChannelHandlers<Order>) | undefined;
  alive: boolean;
  hung: boolean;
  cut: boolean;
  /** What arrived while it was hung. */
  readonly waiting: Array<() => void>;
  readonly links: Set<Link>;
}

interface Link {
  break(cause: ChannelEnd): void;
}

export interface NetworkFaults {
  readonly delayMsMean: number;
  /** Probability that dialling is refused though the machine lives. */
  readonly refusal: number;
}

export function createNetwork(timeline: Timeline, chance: Chance, faults: NetworkFaults): SimulatedNetwork {
  const machines = new Map<PeerId, Machine>();
  const machineOf = (peer: PeerId): Machine => {
    let machine = machines.get(peer);
    if (machine === undefined) {
      machine = { accept: undefined, alive: true, hung: false, cut: false, waiting: [], links: new Set() };
      machines.set(peer, machine);
    }
    return machine;
  };

  return {
    dialer: () => ({
      open: (offer, handlers) => connect(machineOf(offer.peer), handlers),
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
      machine.alive = false;
      machine.waiting.length = 0;
      for (const link of [...machine.links]) link.break({ code: "broken", detail: "connection reset" });
    },
    hang(peer, hung) {
      const machine = machineOf(peer);
      machine.hung = hung;
      if (!hung) for (const run of machine.waiting.splice(0)) run();
    },
    cut(peer, isCut) {
      machineOf(peer).cut = isCut;
    },
    revive(peer) {
      const machine = machineOf(peer);
      Object.assign(machine, { alive: true, hung: false, cut: false });
    },
  };

  function connect(machine: Machine, handlers: ChannelHandlers<Word>): Channel<Order> {
    let open = true;
    let remote: ChannelHandlers<Order> | undefined;
    const there = createLane(machine, "in");
    const back = createLane(machine, "out");
    const link: Link = {
      break(cause) {
        end();
        back(() => handlers.closed(cause), true);
      },
    };
    const end = () => {
      open = false;
      machine.links.delete(link);
    };
    machine.links.add(link);
    there(() => {
      if (!open || remote !== undefined) return;
      if (!machine.alive || machine.accept === undefined || chance.hits(faults.refusal)) {
        return link.break({ code: "unreachable", detail: "connection refused" });
      }
      remote = machine.accept(
        {
          send: (word) => back(() => open && handlers.message(structuredClone(word))),
          close: () => back(() => open && link.break({ code: "closed", detail: "" })),
        },
        "gateway",
      );
    }, true);
    return {
      send: (order) => there(() => open && remote?.message(structuredClone(order))),
      close() {
        if (!open) return;
        end();
        there(() => remote?.closed({ code: "closed", detail: "" }), true);
      },
    };
  }

  /** One direction of a channel: in order, after a delay, through whatever the machine is doing. */
  function createLane(machine: Machine, direction: "in" | "out") {
    let last = 0;
    return (run: () => void, always = false) => {
      if (machine.cut || (!machine.alive && !always)) return;
      last = Math.max(last, timeline.now() + chance.exponential(faults.delayMsMean));
      timeline.at(last, () => {
        if (machine.cut) return;
        // A stopped machine's sockets still take what comes in; what it had sent before is on its way already.
        if (machine.hung && direction === "in") machine.waiting.push(run);
        else run();
      });
    };
  }
}
