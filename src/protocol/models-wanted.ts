import * as z from "zod";
import { limits } from "./limits.ts";
import { invalidRequest, type Refusal } from "./openai.ts";

/**
 * The models a request names, most wanted first: its `model`, then its `models`, of which each is used when nobody
 * serves the one before it. Refused with 400 naming the field.
 */
export function modelsWanted({ model, models }: Readonly<Record<string, unknown>>): string[] | Refusal {
  const others = models ?? undefined;
  const isList = Array.isArray(others) && others.length > 0 && others.every(isName);
  if (others !== undefined && !isList) {
    return invalidRequest(`\`models\` must be a list, each of it ${nameForm}.`, "models");
  }
  const first = model ?? undefined;
  if (first === undefined ? !isList : !isName(first)) {
    return invalidRequest(`\`model\` must be ${nameForm}.`, "model");
  }
  const wanted = [...new Set([...(isName(first) ? [first] : []), ...(isList ? others : [])])];
  if (wanted.length <= limits.modelsPerRequestMax) return wanted;
  return invalidRequest(`One request may name at most ${limits.modelsPerRequestMax} models.`, "models");
}

const nameForm = `a string of 1 to ${limits.modelNameLengthMax} characters`;

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= limits.modelNameLengthMax;
}

const nameSchema = z.string().min(1).max(limits.modelNameLengthMax);

/** The setting `fallbacks`: an object in the file, `MODEL=NEXT,NEXT` where settings are text. */
export const fallbacksSchema = z.union(
  [
    z.record(
      nameSchema,
      z
        .array(nameSchema)
        .min(1)
        .max(limits.modelsPerRequestMax - 1),
    ),
    z
      .array(z.string().regex(/^[^=]+=[^=]+$/))
      .max(1024)
      .transform((flags) =>
        Object.fromEntries(
          flags.map((flag) => {
            const [model = "", next = ""] = flag.split("=");
            return [model.trim(), next.split(",").map((name) => name.trim())] as const;
          }),
        ),
      ),
  ],
  { error: 'must name the next models of each: {"model": ["next", "one after"]}, or MODEL=NEXT,NEXT' },
);

/** For each model, those to use in its place when nobody serves it. */
export type Fallbacks = Readonly<Record<string, readonly string[]>>;
