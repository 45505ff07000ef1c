import type { Address } from "../domain/ids.ts";
import type { Beacons, Clock } from "../ports.ts";
import { mix, mixName } from "./chance.ts";
import { hex } from "./identity.ts";
import type { Timeline } from "./timeline.ts";

/** The chain's blocks, as they come in simulated time: what draws committees. */
export interface Blocks {
  /** What one process sees of them through its endpoints. */
  view(clock: Clock, seen: Eyesight): Beacons;
  /** None comes any more, until they do again. */
  halt(halted: boolean): void;
  /** So many of the last are others than they were. */
  reorganise(depth: number): void;
  /** Was this one another once? */
  wasOther(number: number): boolean;
}

/** How well a process sees the chain. */
export interface Eyesight {
  /** Blocks after this time it does not hear of; undefined: no endpoint answers at all. */
  until(): number | undefined;
  /** At the end of a block of that time. */
  stakeAt(node: Address, time: number): bigint;
  totalAt(time: number): bigint;
}

export interface BlocksOptions {
  /** Between two blocks, ms. */
  readonly everyMs: number;
  /** The block at simulated zero; as many came before it. */
  readonly first: number;
}

interface Block {
  readonly time: number;
  fork: number;
}

export function createBlocks(timeline: Timeline, { everyMs, first }: BlocksOptions): Blocks {
  const truth = timeline.clock();
  const wallAtZero = truth.wall() - timeline.now();
  const come: Block[] = [{ time: 0, fork: 0 }];
  let nextAt = everyMs;
  let isHalted = false;

  function advance(): void {
    while (!isHalted && nextAt <= timeline.now()) {
      come.push({ time: nextAt, fork: 0 });
      nextAt += everyMs;
    }
  }

  function blockAt(number: number): Block | undefined {
    if (number < 0) return undefined;
    return number >= first ? come[number - first] : { time: (number - first) * everyMs, fork: 0 };
  }

  return {
    view(clock, { until, stakeAt, totalAt }) {
      const answered = async <T>(look: (until: number) => T): Promise<T | undefined> => {
        // By the clock of who asks: a process that is gone hears of nothing.
        await new Promise<void>((resolve) => clock.after(rpcMs, resolve));
        advance();
        const last = until();
        return last === undefined ? undefined : look(last);
      };
      return {
        head: () =>
          answered((last) => {
            let head = first + come.length - 1;
            while (blockAt(head)!.time > last) head -= 1;
            return head;
          }),
        block: (number) =>
          answered((last) => {
            const block = blockAt(number);
            if (block === undefined || block.time > last) return undefined;
            const hash = hex(mix(mix(mixName(11, "block"), number), block.fork), 64);
            return { hash, at: Math.floor((wallAtZero + block.time) / 1000) * 1000 };
          }),
        weights: (nodes, number) =>
          answered((last) => {
            const [block, after] = [blockAt(number), blockAt(number + 1)];
            // Only of a block that is over does anybody say what was staked at its end.
            if (block === undefined || after === undefined || after.time > last) return undefined;
            const stakes = nodes.map((node) => stakeAt(node, block.time));
            return { stakes, total: totalAt(block.time) };
          }),
      };
    },
    halt(halted) {
      advance();
      if (isHalted && !halted) nextAt = timeline.now() + everyMs;
      isHalted = halted;
    },
    reorganise(depth) {
      advance();
      for (const block of come.slice(-depth)) block.fork += 1;
    },
    wasOther: (number) => (blockAt(number)?.fork ?? 0) > 0,
  };
}

/** Until most endpoints have answered, ms. */
const rpcMs = 20;
