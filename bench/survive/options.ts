import { parseArgs } from "node:util";
import { faults } from "../../src/commands/chaos/fault.ts";
import { whole } from "../options.ts";
import { contenders } from "./contenders.ts";

export interface Options {
  readonly quick: boolean;
  readonly json: boolean;
  readonly fresh: boolean;
  readonly only: readonly string[];
  readonly seed: number;
  readonly patienceS: number;
  /** Blackouts of one cell in this run, at most. */
  readonly blackouts: number;
  /** Streams in flight, where not as many as usual. */
  readonly streams: number | undefined;
}

/** How many of ten fail: in the tables, and in the curve. */
export const failings = [3, 5, 7] as const;
export const curveFailings = [3, 5, 7, 0, 1, 2, 4, 6, 8, 9] as const;

const names = [
  ...contenders.map(({ name }) => name),
  ...faults,
  ...[...curveFailings].sort().map((failing) => `${failing}of10`),
  ...["curve", "capacity", "detection", "overhead"],
];

export const usage = `npm run bench:survive -- [options]

Upstreams fail at one instant, before Holdfast and before its peers, in turn, and so do ten nodes of Holdfast's own
(holdfast-nodes); every request is counted. Goes on where an earlier run was interrupted: finished blackouts are kept in
bench/results/survive.json.

  --quick         two minutes: Holdfast over upstreams alone, one blackout of 3 of 10 for each fault; nothing is kept
  --only NAME     only this contender, fault, share or measurement; may be repeated
  --blackouts N   at most so many of each cell in this run; the next one goes on
  --streams N     so many in flight (default 50); kept with the figures
  --fresh         forget what is kept of the cells that are run now
  --seed N        decides questions, victims and instants (default 1)
  --patience S    wait so long for others to leave the machine alone, before each cell (default 60; quick: 0)
  --json          the result as JSON on standard output instead of the table
  --help

Names: ${names.join(", ")}

All cells take some seven hours; docs/chaos.md says which take how long, and how to run them in pieces:
  --only holdfast --only 3of10         75 min   --only holdfast --only holdfast-nodes --only 7of10   25 min
  --only holdfast-nodes --only 3of10   75 min   --only curve                                         15 min
`;

/** Throws with a sentence for whoever typed it. */
export function readOptions(args: readonly string[]): Options | "help" {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ quick: flag, json: flag, help: flag, fresh: flag },
      ...{ only: { ...text, multiple: true }, seed: text, patience: text, blackouts: text, streams: text },
    },
  });
  if (values.help) return "help";
  const only = values.only ?? [];
  for (const name of only) {
    if (!names.includes(name)) throw new Error(`there is no "${name}": ${names.join(", ")}`);
  }
  const { quick, json, fresh } = values;
  return {
    ...{ quick, json, fresh, only },
    seed: whole("seed", values.seed) ?? 1,
    patienceS: whole("patience", values.patience) ?? (quick ? 0 : 60),
    streams: whole("streams", values.streams),
    blackouts: whole("blackouts", values.blackouts) ?? Number.POSITIVE_INFINITY,
  };
}

/** Is it meant by `--only`? Of each kind of name, any when none of that kind is given. */
export function isMeant(
  only: readonly string[],
  kinds: ReadonlyArray<readonly [name: string, kind: readonly string[]]>,
) {
  return kinds.every(([name, kind]) => only.includes(name) || !only.some((word) => kind.includes(word)));
}
