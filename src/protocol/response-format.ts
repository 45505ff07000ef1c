import * as z from "zod";
import { readSchema } from "../domain/grammar/json-schema.ts";
import { limits } from "./limits.ts";
import { invalidRequest, type Refusal } from "./openai.ts";

const formatSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text") }),
  z.object({ type: z.literal("json_object") }),
  z.object({
    type: z.literal("json_schema"),
    json_schema: z.object({ name: z.string(), schema: z.record(z.string(), z.unknown()) }),
  }),
]);

/**
 * The JSON schema that a request's `response_format` asks an answer to fit, as text; undefined where it asks for none.
 * `strict` changes nothing: a schema is always kept, and one that cannot be is refused by the name of what is in its way.
 */
export function readResponseFormat(value: unknown): { readonly schema: string | undefined } | Refusal {
  if (value === undefined || value === null) return { schema: undefined };
  const { data, error } = formatSchema.safeParse(value);
  if (data === undefined) return malformed(error.issues[0]?.path ?? []);
  if (data.type === "text") return { schema: undefined };
  if (data.type === "json_object") return { schema: anyObject };
  const param = "response_format.json_schema.schema";
  const schema = written(data.json_schema.schema);
  const pattern = schema === undefined ? tooDeep : readSchema(schema, limits);
  if ("kind" in pattern) return { schema };
  const where = pattern.at === "" ? "" : ` at \`${pattern.at}\``;
  return invalidRequest(`\`${param}\`${where} ${pattern.what}.`, param, "invalid_json_schema");
}

const anyObject = '{"type":"object"}';
const tooDeep = { at: "", what: "is nested too deep to be written" };

/** Undefined for what is nested deeper than can be written. */
function written(schema: unknown): string | undefined {
  try {
    return JSON.stringify(schema);
  } catch {
    return undefined;
  }
}

function malformed(path: readonly PropertyKey[]): Refusal {
  const isWhole = path.length === 0 || path[0] === "type";
  const param = ["response_format", ...(isWhole ? [] : path.map(String))].join(".");
  const should = isWhole
    ? "must be an object whose `type` is text, json_object or json_schema"
    : "is missing or not valid: `json_schema` holds a `name` and a `schema` (an object)";
  return invalidRequest(`\`${param}\` ${should}.`, param);
}
