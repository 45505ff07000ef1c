import { parseArgs } from "node:util";

export interface Options {
  readonly quick: boolean;
  readonly json: boolean;
  readonly resume: boolean;
  readonly only: readonly string[];
  readonly kills: number | undefined;
  readonly seed: number;
  readonly patienceS: number;
}

export const usage = `npm run bench -- [options]

  --quick         few repetitions; nothing is kept
  --only NAME     this measurement alone; may be repeated
  --kills N       strikes per fault in switch-gap (default 300; quick: 4)
  --seed N        of prompts, answers and strikes (default 1)
  --resume        go on with the samples the last switch-gap left, also with more --kills
  --patience S    wait so long for others to leave the machine alone, each time (default 60; quick: 0)
  --json          the result as JSON on standard output instead of the table
  --help

Measurements: `;

/** Throws with a sentence for whoever typed it. */
export function readOptions(args: readonly string[], names: readonly string[]): Options | "help" {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ quick: flag, json: flag, help: flag, resume: flag },
      ...{ only: { ...text, multiple: true }, kills: text, seed: text, patience: text },
    },
  });
  if (values.help) return "help";
  const only = values.only ?? [];
  for (const name of only) {
    if (!names.includes(name)) throw new Error(`there is no measurement "${name}": ${names.join(", ")}`);
  }
  const { quick, json, resume } = values;
  return {
    ...{ quick, json, resume, only },
    kills: whole("kills", values.kills),
    seed: whole("seed", values.seed) ?? 1,
    patienceS: whole("patience", values.patience) ?? (quick ? 0 : 60),
  };
}

/** A number as typed; throws with a sentence for whoever typed something else. */
export function whole(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d{1,9}$/.test(value)) throw new Error(`--${name} is a whole number, not "${value}"`);
  return Number(value);
}
