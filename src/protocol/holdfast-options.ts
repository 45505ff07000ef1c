import { limits } from "./limits.ts";
import { invalidRequest, type Refusal } from "./openai.ts";

/** What an application may ask of Holdfast with one request. */
export interface HoldfastOptions {
  readonly finality: "stream" | "final" | "none";
  readonly witnesses: number;
  readonly holdMs: number;
  /** Executor, witnesses and seed are drawn by a block later than the request; absent: the client's gateway names them. */
  readonly committee?: "drawn";
  /** Shall the receipt hold the prompt? Without it nobody else can check what was asked. */
  readonly receiptPrompt?: true;
}

type Headers = Readonly<Record<string, string | undefined>>;

/**
 * Reads the `holdfast` object of a request body and the `x-holdfast-*` headers (`finality`, `witnesses`, `hold-ms`,
 * `receipt-prompt`, `committee`);
 * the body wins. What neither names comes from `defaults`. `finality: "none"` means no witnesses, whatever the rest
 * says. An unknown name or a bad value is refused with 400 naming the parameter as the application wrote it; header
 * names are lower-case, as Node gives them.
 */
export function parseHoldfastOptions(
  body: Readonly<Record<string, unknown>>,
  headers: Headers,
  defaults: HoldfastOptions,
): HoldfastOptions | Refusal {
  const given = body["holdfast"] ?? {};
  if (typeof given !== "object" || Array.isArray(given)) {
    return invalidRequest('`holdfast` is an object like {"finality": "stream", "witnesses": 2}.', "holdfast");
  }
  const fields = given as Record<string, unknown>;
  const stranger = Object.keys(fields).find((name) => !known.includes(name));
  if (stranger !== undefined) {
    const param = `holdfast.${stranger.slice(0, 64)}`;
    return invalidRequest(`\`${param}\` is not known; there are ${known.join(", ")}.`, param);
  }
  const strangeHeader = Object.keys(headers).find(
    (name) => name.startsWith("x-holdfast-") && headers[name] !== undefined && !knownHeaders.includes(name),
  );
  if (strangeHeader !== undefined) {
    const param = strangeHeader.slice(0, 64);
    return invalidRequest(`\`${param}\` is not known; there are ${knownHeaders.join(", ")}.`, param);
  }

  const finality = read("finality", fields, headers, (value) => finalities.find((name) => name === value));
  if (finality === bad) return refuse("finality", fields, `one of ${finalities.join(", ")}`);
  const witnesses = read("witnesses", fields, headers, wholeUpTo(limits.witnessesMax));
  if (witnesses === bad)
    return refuse("witnesses", fields, `a whole number from 0 to ${limits.witnessesMax}`);
  const holdMs = read("holdMs", fields, headers, numberUpTo(limits.holdMsMax));
  if (holdMs === bad) return refuse("holdMs", fields, `milliseconds from 0 to ${limits.holdMsMax}`);

  const receiptPrompt = read("receiptPrompt", fields, headers, trueOrFalse);
  if (receiptPrompt === bad) return refuse("receiptPrompt", fields, "true or false");

  const committee = read("committee", fields, headers, (value) => committees.find((name) => name === value));
  if (committee === bad) return refuse("committee", fields, `one of ${committees.join(", ")}`);

  const chosen = finality ?? defaults.finality;
  return {
    finality: chosen,
    witnesses: chosen === "none" ? 0 : (witnesses ?? defaults.witnesses),
    holdMs: holdMs ?? defaults.holdMs,
    ...(committee === "drawn" ? { committee } : {}),
    ...((receiptPrompt ?? defaults.receiptPrompt) ? { receiptPrompt: true } : {}),
  };
}

const committees = ["client", "drawn"] as const;
const finalities = ["stream", "final", "none"] as const;
const headerOf = {
  finality: "x-holdfast-finality",
  witnesses: "x-holdfast-witnesses",
  holdMs: "x-holdfast-hold-ms",
  receiptPrompt: "x-holdfast-receipt-prompt",
  committee: "x-holdfast-committee",
} as const;
type Name = keyof typeof headerOf;
const known: readonly string[] = Object.keys(headerOf);
const knownHeaders: readonly string[] = Object.values(headerOf);
const bad = Symbol("bad");

/** The value in the body, or else in the header; undefined when neither names it, `bad` when it does not parse. */
function read<T>(
  name: Name,
  fields: Record<string, unknown>,
  headers: Headers,
  parse: (value: unknown) => T | undefined,
): T | undefined | typeof bad {
  const inBody = fields[name] ?? undefined;
  if (inBody !== undefined) return parse(inBody) ?? bad;
  const inHeader = headers[headerOf[name]]?.trim();
  if (inHeader === undefined || inHeader === "") return undefined;
  return parse(/^\d+(\.\d+)?$/.test(inHeader) ? Number(inHeader) : inHeader) ?? bad;
}

function refuse(name: Name, fields: Record<string, unknown>, wanted: string): Refusal {
  const param = (fields[name] ?? undefined) !== undefined ? `holdfast.${name}` : headerOf[name];
  return invalidRequest(`\`${param}\` must be ${wanted}.`, param);
}

function trueOrFalse(value: unknown): boolean | undefined {
  if (value === "true" || value === true) return true;
  return value === "false" || value === false ? false : undefined;
}

function numberUpTo(max: number): (value: unknown) => number | undefined {
  return (value) => (typeof value === "number" && value >= 0 && value <= max ? value : undefined);
}

function wholeUpTo(max: number): (value: unknown) => number | undefined {
  const within = numberUpTo(max);
  return (value) => (Number.isInteger(value) ? within(value) : undefined);
}

/** 400 for a drawn committee where nobody can be drawn. `why`: a clause. */
export function notDrawable(why: string): Refusal {
  return invalidRequest(`A drawn committee is not to be had here: ${why}.`, "holdfast.committee");
}
