import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type Config, type ConfigKey, configKinds, parseConfig } from "../protocol/config.ts";
import { HoldfastError } from "../protocol/errors.ts";
import { limits } from "../protocol/limits.ts";
import { installation, isClone } from "./installation.ts";
import { runningNetwork } from "./running-network.ts";

/** What commander hands over: text, or lists of text, under camelCase names. */
export type Flags = Readonly<Record<string, string | string[] | boolean | undefined>>;

export interface Settings extends Config {
  /** Folder that holds all state of a network or node; absolute. */
  readonly home: string;
  /** Was the folder named, rather than defaulted? Then this is one network of several, and ports default to free ones. */
  readonly homeNamed: boolean;
}

/**
 * The settings of a command: flags, then the environment, then the one configuration file (`--config FILE`, else
 * `holdfast.json` in the home folder). `--network FOLDER` stands for all flags that say which network it is. Throws
 * HoldfastError `config-invalid`, `config-unreadable`, `home-unusable` or `nothing-here` (fault user).
 */
export function readSettings(flags: Flags, environment: NodeJS.ProcessEnv): Settings {
  const named = text(flags["home"]) ?? nonEmpty(environment["HOLDFAST_HOME"]);
  const home = resolve(named ?? defaultHome());
  const file = text(flags["config"]) ?? nonEmpty(environment["HOLDFAST_CONFIG"]);
  const fromFile = readConfigFile(
    file === undefined ? join(home, "holdfast.json") : resolve(file),
    file !== undefined,
  );
  const network = text(flags["network"]);
  const doubled = network === undefined ? [] : networkKeys.filter((key) => flags[key] !== undefined);
  if (doubled.length > 0)
    throw new HoldfastError("--network says by itself which network it is.", {
      ...{ code: "config-invalid", fault: "user", facts: { beside: doubled.map(flagOf).join(" ") } },
      remedy: "Leave these out, or name the chain and its contracts by them alone.",
    });
  return {
    ...fromFile,
    ...fromEnvironment(environment),
    ...(network !== undefined && runningNetwork(resolve(network))),
    ...fromFlags(flags),
    home,
    homeNamed: named !== undefined,
  };
}

/** What `--network` stands for. */
const networkKeys = ["bootstrap", "rpc", "chainId", "bonds", "models"] as const;

/** `.holdfast` in the clone when run from one, else in the user's own folder. */
function defaultHome(): string {
  return join(isClone ? installation : homedir(), ".holdfast");
}

function readConfigFile(file: string, required: boolean): Config {
  let content: unknown;
  try {
    if (statSync(file).size > limits.configBytesMax)
      throw new Error(`larger than ${limits.configBytesMax} bytes`);
    // Some editors put a byte order mark first, which no JSON parser takes.
    content = JSON.parse(readFileSync(file, "utf8").replace(/^\uFEFF/, ""));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (!required && code === "ENOENT") return {};
    if (!required && code === "ENOTDIR") throw homeUnusable(dirname(file), cause);
    throw new HoldfastError("The configuration file cannot be read.", {
      code: "config-unreadable",
      fault: "user",
      facts: { file, reason: reasonOf(cause) },
      remedy: 'It is one JSON object, such as {"port": 11411}.',
      cause,
    });
  }
  return parseConfig(content, { name: file, nameOf: (key) => key });
}

/** The parser's message quotes the file, which may be a key's if the path is wrong; the position is enough. */
function reasonOf(cause: unknown): string {
  const said = cause instanceof Error ? cause.message : String(cause);
  if (!(cause instanceof SyntaxError)) return said;
  return ["not valid JSON", ...(/at position .*/.exec(said) ?? [])].join(" ");
}

function homeUnusable(home: string, cause: unknown): HoldfastError {
  return new HoldfastError(
    "The home folder cannot be used: it is, or lies under, something that is no folder.",
    {
      code: "home-unusable",
      fault: "user",
      facts: { home },
      remedy: "Name a folder that this user may write to with --home (or HOLDFAST_HOME).",
      cause,
    },
  );
}

function fromEnvironment(environment: NodeJS.ProcessEnv): Config {
  const given: Record<string, unknown> = {};
  for (const key of Object.keys(configKinds) as ConfigKey[]) {
    const value = nonEmpty(environment[variableOf(key)]);
    if (value !== undefined) given[key] = read(key, value);
  }
  return parseConfig(given, { name: "the environment", nameOf: variableOf });
}

function fromFlags(flags: Flags): Config {
  const given: Record<string, unknown> = {};
  for (const key of Object.keys(configKinds) as ConfigKey[]) {
    const value = flags[flagNames[key] ?? key];
    if (value !== undefined) given[key] = typeof value === "boolean" ? value : read(key, value);
  }
  return parseConfig(given, { name: "the command line", nameOf: flagOf });
}

/** Flags that are named in the singular because they are repeated. */
const flagNames: Partial<Record<ConfigKey, string>> = { upstreams: "upstream", fallbacks: "fallback" };

/** A setting's name on the command line. */
export function flagOf(key: string): string {
  const name = flagNames[key as ConfigKey] ?? key;
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

export function variableOf(key: string): string {
  return `HOLDFAST_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** An environment without settings, for a child that is told what is meant for it; it knows whose child it is. */
export function childEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = new Set([...Object.keys(configKinds).map(variableOf), "HOLDFAST_HOME", "HOLDFAST_CONFIG"]);
  const rest = Object.entries(environment).filter(([name]) => !own.has(name));
  return { ...Object.fromEntries(rest), HOLDFAST_CHILD: "1" };
}

function read(key: ConfigKey, value: string | string[]): unknown {
  if (configKinds[key] === "list")
    return typeof value === "string" ? value.split(/\s+/).filter(Boolean) : value;
  const last = Array.isArray(value) ? value.at(-1) : value;
  if (configKinds[key] === "text") return last;
  if (configKinds[key] === "switch")
    return last === "1" || last === "true" ? true : last === "0" || last === "false" ? false : last;
  // Number("") is 0 and Number("0x10") is 16: neither is what was meant. What is no number is left for the schema.
  return last !== undefined && /^-?\d+$/.test(last) ? Number(last) : last;
}

function text(value: Flags[string]): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value === "" ? undefined : value;
}
