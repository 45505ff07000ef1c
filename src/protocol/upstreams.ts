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

const keySchema = z
  .string()
  .regex(/^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/s, "a key is named, not written out: env:NAME or file:PATH")
  .transform(
    (text): KeySource =>
      text.startsWith("env:") ? { from: "env", name: text.slice(4) } : { from: "file", path: text.slice(5) },
  );

/** One entry of the configuration file's `upstreams`. */
const upstreamEntrySchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: "not an http:// or https:// URL" })
    .refine(
      (url) => !/^https?:\/\/[^/?#]*@/i.test(url),
      "credentials do not belong in a URL; use key=env:NAME",
    )
    .transform(apiBase),
  name: z.string().min(1).max(100).exactOptional(),
  key: keySchema.exactOptional(),
  model: z.string().min(1).max(500).exactOptional(),
  slots: z.coerce
    .number({ error: "slots is a number of answers at once" })
    .int("slots is a whole number")
    .min(1, "slots is at least 1")
    .max(limits.upstreamConnectionsMax, `slots is at most ${limits.upstreamConnectionsMax}`)
    .exactOptional(),
  price: z
    .union(
      [
        z.number().min(0),
        z
          .string()
          .regex(/^\d+(\.\d+)?$/)
          .transform(Number),
      ],
      {
        error: "price is what a million tokens cost, 0 or more",
      },
    )
    .exactOptional(),
  domain: z.string().min(1).max(100).exactOptional(),
  forwardAuth: z.boolean().default(false),
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
      throw refusal(`Upstream ${index + 1}: ${[...path, ""].join(": ")}${message}.`, index);
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
    const [name = "", ...value] = option.split("=");
    if (option.trim() === "forward-auth") fields["forwardAuth"] = true;
    else if (["key", "model", "name", "slots", "price", "domain"].includes(name.trim()))
      fields[name.trim()] = value.join("=").trim();
    else
      throw refusal(
        `Upstream ${index + 1} has an option that is not known. There are key=, model=, name=, slots=, price=, domain= and forward-auth.`,
        index,
      );
  }
  return fields;
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
