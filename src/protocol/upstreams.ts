import * as z from "zod";
import { HoldfastError } from "./errors.ts";
import { limits } from "./limits.ts";

/** Where an upstream's key is kept. The key itself never stands in a flag or in the configuration file. */
export type KeySource =
  | { readonly from: "env"; readonly name: string }
  | { readonly from: "file"; readonly path: string };

/** One server that speaks the OpenAI API, as configured. */
export interface UpstreamSpec {
  /** Its id in answers, logs and status. Unique in the list. */
  readonly name: string;
  /** Base of the API (`…/v1`), without a slash at the end. */
  readonly url: string;
  readonly key?: KeySource;
  /** What it calls the model, whatever the application calls it. Without it the application's name goes through. */
  readonly model?: string;
  /** Answers it works on at once. Without it that is found out by what it turns away. */
  readonly slots?: number;
  /** What a million tokens cost there, in whatever unit the others' price has. Without it: nothing. */
  readonly price?: number;
  /** What it fails together with, beside its host: upstreams of one name are not each other's best stand-ins. */
  readonly domain?: string;
  /** Passes the application's own Authorization header on. Never together with a key. */
  readonly forwardAuth: boolean;
}

/** In words of our own: the validator's may repeat what was given, which may be a key. */
const text = (charsMax: number) => {
  const error = `must be text of 1 to ${charsMax} characters`;
  return z.string({ error }).min(1, error).max(charsMax, error);
};
const slotsWanted = `must be a whole number from 1 to ${limits.upstreamConnectionsMax}`;
const priceWanted = "must be what a million tokens cost, a number of 0 or more in plain decimals such as 0.5";
const keyWanted = "is named, not written out: env:NAME or file:PATH";

const keySchema = z
  .string({ error: keyWanted })
  .regex(/^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/s, keyWanted)
  .transform(
    (text): KeySource =>
      text.startsWith("env:") ? { from: "env", name: text.slice(4) } : { from: "file", path: text.slice(5) },
  );

/** One entry of the configuration file's `upstreams`. */
const entryForm = {
  url: z
    .url({ protocol: /^https?$/, error: "must be an http:// or https:// URL" })
    .refine((url) => !/^https?:\/\/[^/?#]*@/i.test(url), "must not hold credentials: use key=env:NAME")
    .transform(apiBase),
  name: text(100).exactOptional(),
  key: keySchema.exactOptional(),
  model: text(500).exactOptional(),
  slots: z
    .int({ error: slotsWanted })
    .min(1, slotsWanted)
    .max(limits.upstreamConnectionsMax, slotsWanted)
    .exactOptional(),
  price: z.number({ error: priceWanted }).min(0, priceWanted).exactOptional(),
  domain: text(100).exactOptional(),
  forwardAuth: z.boolean({ error: "must be true or false" }).default(false),
};
const upstreamEntrySchema = z.strictObject(entryForm, {
  error: ({ code }) =>
    code === "unrecognized_keys"
      ? `has an option that is not known. There are ${Object.keys(entryForm).join(", ")}`
      : 'must be text or an object such as {"url": "http://127.0.0.1:8000/v1"}',
});

/**
 * Reads upstreams as flags give them (`URL,key=env:NAME,model=their-name,name=mine,slots=8,price=3,domain=rack-1`, and
 * `forward-auth`) or as the configuration file does (objects). Throws HoldfastError `bad-upstream` (fault user); it never
 * repeats a key.
 */
export function parseUpstreams(entries: readonly unknown[]): UpstreamSpec[] {
  if (entries.length > limits.upstreamsMax) {
    throw refusal(`There are ${entries.length} upstreams, more than ${limits.upstreamsMax}.`, 0);
  }
  const names = new Set<string>();
  return entries.map((entry, index) => {
    const fields = typeof entry === "string" ? splitFlag(entry, index) : entry;
    const parsed = upstreamEntrySchema.safeParse(fields);
    if (!parsed.success) {
      const { path, message } = parsed.error.issues[0]!;
      throw refusal(`Upstream ${index + 1}: ${[...path, message].join(" ")}.`, index);
    }
    const { name: wanted, ...rest } = parsed.data;
    if (rest.key !== undefined && rest.forwardAuth) {
      throw refusal(`Upstream ${index + 1} has a key and forward-auth; it can have one of them.`, index);
    }
    const name = unique(wanted ?? hostOf(rest.url), names);
    names.add(name);
    return { name, ...rest };
  });
}

/** URL of one endpoint under an upstream's base; a query of the base (`?api-version=…`) stays. */
export function endpointUrl(base: string, path: string): string {
  const query = base.indexOf("?");
  return query === -1 ? `${base}/${path}` : `${base.slice(0, query)}/${path}${base.slice(query)}`;
}

function splitFlag(flag: string, index: number): Record<string, unknown> {
  const [url, ...options] = flag.split(",");
  const fields: Record<string, unknown> = { url: url?.trim() };
  for (const option of options) {
    const [given = "", ...rest] = option.split("=");
    const name = given.trim();
    const value = rest.join("=").trim();
    const isSwitch = option.trim() === "forward-auth";
    if (!isSwitch && !["key", "model", "name", "slots", "price", "domain"].includes(name))
      throw refusal(
        `Upstream ${index + 1} has an option that is not known. There are key=, model=, name=, slots=, price=, domain= and forward-auth.`,
        index,
      );
    const field = isSwitch ? "forwardAuth" : name;
    if (field in fields) throw refusal(`Upstream ${index + 1} names ${name} twice.`, index);
    fields[field] = isSwitch ? true : isNumber(name, value) ? Number(value) : value;
  }
  return fields;
}

/** Number("") is 0 and Number("0x10") is 16: neither is what was meant. What is no number is left for the schema. */
function isNumber(name: string, value: string): boolean {
  return (name === "slots" || name === "price") && /^\d+(\.\d+)?$/.test(value);
}

function apiBase(url: string): string {
  const [address = "", query] = url.replace(/#.*$/s, "").split(/\?(.*)/s, 2);
  const bare = address.replace(/\/+$/, "");
  const base = /^https?:\/\/[^/]+$/i.test(bare) ? `${bare}/v1` : bare;
  return query ? `${base}?${query}` : base;
}

function hostOf(url: string): string {
  return /^https?:\/\/([^/?]+)/i.exec(url)?.[1]?.toLowerCase() ?? url;
}

function unique(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  let count = 2;
  while (taken.has(`${name}#${count}`)) count += 1;
  return `${name}#${count}`;
}

function refusal(message: string, index: number): HoldfastError {
  return new HoldfastError(message, {
    code: "bad-upstream",
    fault: "user",
    remedy:
      "Write it as URL,key=env:NAME,model=their-name; put the key itself into that environment variable.",
    facts: { upstream: index + 1 },
  });
}
