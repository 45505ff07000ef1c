import { limits } from "../../protocol/limits.ts";
import { badOption, text, wholeNumber } from "../flag-values.ts";
import type { Flags } from "../settings.ts";
import { everyFault, type Fault, faults } from "./fault.ts";

export interface ChaosOptions {
  /** One after the other, each so many times. */
  readonly faults: readonly Fault[];
  readonly blackouts: number;
  /** As it was asked for: `30%`, or a number of nodes. */
  readonly kill: string;
  /** How many of so many nodes fail at once: at least one, and never all, of whom nothing could be asked. */
  readonly victims: (nodes: number) => number;
  /** Instead of blackouts, nodes fail one after the other for so long, min. */
  readonly soakMinutes: number | undefined;
  readonly streams: number;
  /** Hold budget asked for, ms; undefined: the network's default. */
  readonly holdMs: number | undefined;
  /** Length of an answer, tokens: drawn evenly between the two. */
  readonly tokens: { readonly least: number; readonly most: number };
  readonly seed: number;
  readonly nodes: number;
  /** For the network this run starts, as `holdfast up` takes them. */
  readonly networkFlags: readonly string[];
  readonly json: boolean;
}

const nodesDefault = 10;
const streamsDefault = 50;
/** A moderate load, in which what a soak looks for is not hidden by a machine that is full. */
const soakStreamsDefault = 10;
const soakMinutesDefault = 60;
const blackoutsDefault = 3;
const paceDefault = 30;
/** How long an answer takes at its pace, s. */
const answerS = { least: 2, most: 6 };
const killDefault = "30%";

/** Throws HoldfastError `bad-option` (fault user). */
export function readOptions(flags: Flags): ChaosOptions {
  const kill = text(flags, "kill") ?? killDefault;
  const pace = wholeNumber(flags, "pace", { least: 1, most: 1000 }) ?? paceDefault;
  const engine = text(flags, "engine") ?? "synthetic";
  const soak = flags["soak"] === true;
  const nodes = wholeNumber(flags, "nodes", { least: 2, most: limits.localNodesMax }) ?? nodesDefault;
  const victims = victimsOf(kill);
  // Of a network that is there already it is known only later how many nodes it has.
  if (flags["home"] === undefined && !kill.endsWith("%") && Number(kill) >= nodes)
    throw badOption("kill", kill, `fewer than the ${nodes} nodes there are: one is left to be asked`);
  const chosen = faultsOf(text(flags, "fault") ?? (soak ? "kill,hang" : "kill"));
  return {
    ...{ faults: chosen, kill, victims, nodes },
    soakMinutes: soak
      ? (wholeNumber(flags, "minutes", { least: 1, most: 100_000 }) ?? soakMinutesDefault)
      : undefined,
    // Against lies what counts is that nothing leaves unjudged.
    holdMs:
      wholeNumber(flags, "holdMs", { least: 0, most: limits.holdMsMax }) ??
      (chosen.every(isLie) ? limits.holdMsMax : undefined),
    blackouts: wholeNumber(flags, "blackouts", { least: 1, most: 10_000 }) ?? blackoutsDefault,
    streams:
      wholeNumber(flags, "streams", { least: 1, most: limits.requestsInFlightMax / 4 }) ??
      (soak ? soakStreamsDefault : streamsDefault),
    tokens: { least: pace * answerS.least, most: pace * answerS.most },
    // A seed nobody named is drawn, and told with the figures.
    seed: wholeNumber(flags, "seed", { least: 0, most: 2 ** 32 - 1 }) ?? Math.floor(Math.random() * 2 ** 32),
    networkFlags: [
      ...["--engine", engine],
      ...["pace", "slots"].flatMap((name) => {
        const given = text(flags, name);
        return given === undefined ? [] : [`--${name}`, given];
      }),
    ],
    json: flags["json"] === true,
  };
}

function faultsOf(given: string): Fault[] {
  const names = given === "all" ? [...everyFault] : given.split(",");
  return names.map((name) => {
    const known = faults.find((fault) => fault === name.trim());
    if (known === undefined)
      throw badOption("fault", given, `one or several of ${faults.join(", ")}, or all`);
    return known;
  });
}

export const isLie = (fault: Fault) => fault === "lie" || fault === "collude";

function victimsOf(given: string): (nodes: number) => number {
  const [, digits, percent] = /^(\d{1,3}(?:\.\d+)?)(%?)$/.exec(given) ?? [];
  const value = Number(digits);
  const fits = percent === "%" ? value > 0 && value <= 100 : Number.isInteger(value) && value > 0;
  if (!fits) throw badOption("kill", given, "a share such as 30%, or a number of nodes");
  if (percent === "%" && value === 100)
    throw badOption("kill", given, "less than 100%: one node is left to be asked");
  return (nodes) =>
    Math.max(1, Math.min(nodes - 1, Math.round(percent === "%" ? (nodes * value) / 100 : value)));
}
