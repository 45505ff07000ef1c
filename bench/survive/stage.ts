import type { Fault } from "../../src/commands/chaos/fault.ts";
import type { Chance } from "../../src/simulator/chance.ts";
import type { Tally } from "./tally.ts";

/** How much is asked, and for how long. */
export interface Load {
  readonly streams: number;
  readonly tokens: number;
  readonly tokenMs: number;
  /** Over upstreams: time before the fault, how long it lasts, and how long those mended have to be used again; ms. */
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly returnMs: number;
}

export interface StageOptions {
  /** How many can fail. */
  readonly size: number;
  readonly fault: Fault;
  readonly load: Load;
  readonly chance: Chance;
}

/** Something that answers, under load, of which a part can be broken again and again. */
export interface Stage {
  /** So many fail at one instant and are mended; every request is counted, to its end. */
  blackout(failing: number, chance: Chance): Promise<Tally>;
  close(): Promise<void>;
}

export interface Contender {
  readonly name: string;
  /** How it was set up, for who reads the figures. */
  readonly setting: string;
  /** What it can be struck by. */
  readonly faults: readonly Fault[];
  /** Streams it is given at once, where the usual number is more than it can carry on this machine. */
  readonly streamsMax?: number;
  stage(options: StageOptions): Promise<Stage>;
}
