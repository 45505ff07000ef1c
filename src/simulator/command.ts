import { HoldfastError } from "../protocol/errors.ts";
import { limits } from "../protocol/limits.ts";
import { starvedAttemptsEach } from "./checkers/starved.ts";
import { faults } from "./faults/catalogue.ts";
import { scenarios } from "./scenarios/catalogue.ts";
import type { Simulation } from "./simulate.ts";
import { drawOnChain, drawSimulation } from "./swarm.ts";

/** What the command line asks for. */
export type Command = Simulation & { readonly json: boolean };

/** Throws HoldfastError `bad-option` (fault user) that names the option, what it was given and what it takes. */
export function parseCommand(args: readonly string[]): Command | "help" | "routing-cost" | "detectors" {
  const given = read(args);
  if (given["help"] === true) return "help";
  if (given["routing-cost"] === true) return "routing-cost";
  if (given["detectors"] === true) return "detectors";
  const json = given["json"] === true;
  if (given["swarm"] !== undefined)
    return { ...drawSimulation(numberFrom("swarm", given["swarm"], seeds)), json };
  if (given["swarm-on-chain"] !== undefined)
    return { ...drawOnChain(numberFrom("swarm-on-chain", given["swarm-on-chain"], seeds)), json };
  const number = (name: string, bounds: Bounds) => numberFrom(name, given[name], bounds);
  const nodes = number("nodes", { least: 1, most: 100_000, whole: true, usual: 100 });
  const requests = number("requests", { least: 1, most: 10_000_000, whole: true, usual: 10 * nodes });
  const calmMs = number("calm-ms", { least: 0, most: 10_000_000, usual: 0 });
  return {
    ...{ nodes, requests },
    seed: number("seed", seeds),
    scenario: oneOf("scenario", given["scenario"], Object.keys(scenarios), "blackout"),
    fault: oneOf("fault", given["fault"], Object.keys(faults), "kill"),
    correlated: oneOf("correlated", given["correlated"], ["none", "region", "operator", "build"], "none"),
    share: number("share", { least: 0, most: 0.95, usual: 0.3 }),
    gateways: number("gateways", {
      ...{ least: 1, most: 1_000, whole: true },
      usual: Math.max(1, Math.min(20, Math.round(nodes / 100))),
    }),
    load: number("load", { least: 0.001, most: 10, usual: 0.4 }),
    slots: number("slots", { least: 1, most: 1_024, whole: true, usual: 4 }),
    tokens: number("tokens", { least: 1, most: 2_048, whole: true, usual: 32 }),
    holdMs: number("hold-ms", { least: 0, most: limits.holdMsMax, usual: limits.holdMsDefault }),
    witnesses: number("witnesses", {
      ...{ least: 0, most: limits.witnessesMax, whole: true, usual: limits.witnessesDefault },
    }),
    network: {
      delayMsMean: number("delay-ms", { least: 0, most: 10_000, usual: 5 }),
      refusal: number("refusal", { least: 0, most: 1, usual: 0 }),
      loss: number("loss", { least: 0, most: 1, usual: 0 }),
    },
    calm: calmMs > 0 ? starvedAttemptsEach * nodes : Math.max(3, Math.min(1_000, Math.round(requests / 10))),
    calmMs,
    json,
  };
}

const seeds = { least: 0, most: 2 ** 32 - 1, whole: true, usual: 1 };

const texts = [
  ...["seed", "nodes", "requests", "scenario", "fault", "share", "correlated", "gateways", "load", "slots"],
  ...["tokens", "hold-ms", "witnesses", "delay-ms", "refusal", "loss", "swarm", "swarm-on-chain", "calm-ms"],
];

function read(args: readonly string[]): Record<string, string | boolean | undefined> {
  const { parseArgs } = process.getBuiltinModule("node:util");
  const options = Object.fromEntries([
    ...texts.map((name) => [name, { type: "string" as const }]),
    ...["json", "help", "routing-cost", "detectors"].map((name) => [name, { type: "boolean" as const }]),
  ]);
  try {
    return parseArgs({ args: [...args], options, strict: true }).values as never;
  } catch (error) {
    throw badOption((error as Error).message.split(". ")[0] ?? "that cannot be read");
  }
}

interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly whole?: boolean;
  readonly usual: number;
}

function numberFrom(name: string, given: string | boolean | undefined, bounds: Bounds): number {
  if (given === undefined) return bounds.usual;
  const text = String(given);
  const number = text.endsWith("%") ? Number(text.slice(0, -1)) / 100 : Number(text);
  const fits = number >= bounds.least && number <= bounds.most && text.trim() !== "";
  if (fits && (!bounds.whole || Number.isInteger(number))) return number;
  const kind = bounds.whole ? "a whole number" : "a number";
  throw badOption(`--${name} takes ${kind} from ${bounds.least} to ${bounds.most}, not ${text}`);
}

function oneOf<Name extends string>(
  name: string,
  given: string | boolean | undefined,
  names: readonly Name[],
  usual: Name,
): Name {
  if (given === undefined) return usual;
  const found = names.find((each) => each === given);
  if (found !== undefined) return found;
  throw badOption(`--${name} takes one of ${names.join(", ")}, not ${given}`);
}

function badOption(message: string): HoldfastError {
  return new HoldfastError(message, {
    ...{ code: "bad-option", fault: "user" },
    remedy: "Run it with --help to see what there is.",
  });
}
