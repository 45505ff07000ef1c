import { invalidRequest, type Refusal } from "./openai.ts";

/**
 * 400 for the first field of an answer's request that the gateway itself goes by and cannot read. Plain upstreams get
 * the request as it was written, and some take `"yes"` for true: they would then answer in a form, or an amount, that
 * nobody here waits for. Bounds are theirs to judge, and so is every other field.
 */
export function refuseUnreadable(body: Readonly<Record<string, unknown>>): Refusal | undefined {
  for (const [name, { fits, wanted }] of Object.entries(fieldsRead)) {
    const value = body[name] ?? undefined;
    if (value !== undefined && !fits(value)) return invalidRequest(`\`${name}\` must be ${wanted}.`, name);
  }
  const options = (body["stream_options"] ?? {}) as Readonly<Record<string, unknown>>;
  const param = "stream_options.include_usage";
  if (isSwitch(options["include_usage"] ?? false)) return undefined;
  return invalidRequest(`\`${param}\` must be true or false.`, param);
}

const isSwitch = (value: unknown) => typeof value === "boolean";
const isCount = (value: unknown) => Number.isInteger(value) && (value as number) >= 1;

const whole = { fits: Number.isInteger, wanted: "a whole number" };
const fieldsRead: Readonly<Record<string, { fits(value: unknown): boolean; readonly wanted: string }>> = {
  stream: { fits: isSwitch, wanted: "true or false" },
  stream_options: {
    fits: (value) => typeof value === "object" && !Array.isArray(value),
    wanted: "an object",
  },
  n: { fits: isCount, wanted: "a whole number of at least 1" },
  best_of: { fits: isCount, wanted: "a whole number of at least 1" },
  // Below 1 it means "no limit" to some servers.
  max_tokens: whole,
  max_completion_tokens: whole,
  seed: whole,
  temperature: { fits: Number.isFinite, wanted: "a number" },
};
