import type { JobId } from "../domain/ids.ts";
import type { Chance } from "./chance.ts";
import type { SimulatedNode } from "./node.ts";
import type { World, WorldOptions } from "./world.ts";

/** A kind of bad day: what the world is like, and what happens in it while requests come. */
export interface Scenario {
  /** One line for the help. */
  readonly about: string;
  /** What every request asks of Holdfast, where the gateways' defaults do not say it. */
  readonly asks?: Readonly<Record<string, unknown>>;
  /** Nobody watches: false words may leave, and it is for audits to find them. */
  readonly unwatched?: true;
  /** What is special about its world. */
  readonly world?: (terms: Terms) => Partial<WorldOptions>;
  /** Plans everything that goes wrong. */
  readonly plan: (stage: Stage) => void;
  /** Ends what it did besides striking nodes; those are healed anyway. */
  readonly calm?: (world: World) => void;
  /** The requests are spread over at least this, ms. */
  readonly lastsMs?: number;
  /** After healing, requests must succeed from then on, ms; 0 when not given. */
  readonly healMsMax?: number;
  /** Is what was to happen after healing over before that? */
  readonly healed?: (world: World) => boolean;
  /** What is found wrong at the end, beside what is looked at in every run. `before`: jobs of before it was healed. */
  readonly check?: (world: World, before: ReadonlySet<JobId>) => Promise<readonly string[]>;
}

/** What the caller chose. */
export interface Terms {
  readonly nodes: number;
  readonly gateways: number;
  /** Share of the nodes that fail, 0 to 1. */
  readonly share: number;
  readonly fault: string;
  /** What fails together: any nodes, or all of one region, operator or build. */
  readonly correlated: "none" | "region" | "operator" | "build";
}

export interface Stage {
  readonly world: World;
  readonly terms: Terms;
  readonly chance: Chance;
  /** When the requests come, simulated ms. */
  readonly from: number;
  readonly until: number;
  /** Does this at that time, unless the bad day is over before. */
  at(time: number, act: () => void): void;
  /** These fail now, by this fault. */
  strike(nodes: readonly SimulatedNode[], fault: string): void;
  heal(nodes: readonly SimulatedNode[]): void;
  /** The instant from which `inFlight`, `after` and `recoveryMs` are counted; the first counts. */
  mark(): void;
}
