import { createHash } from "node:crypto";
import type { Prompt, Sampling } from "../../domain/inference/spec.ts";

export interface Question {
  readonly prompt: Prompt;
  readonly sampling: Sampling;
}

/** Even questions are fitted on, odd ones tested on; they have no subject in common. */
const subjects = [
  ["the ocean", "bread", "a market", "winter", "chess", "a violin", "the desert", "glass", "tea", "a bridge"],
  [
    "a lighthouse",
    "the railway",
    "bees",
    "the moon",
    "salt",
    "a garden",
    "maps",
    "thunder",
    "paper",
    "a clock",
  ],
] as const;

const forms: ReadonlyArray<(subject: string) => string> = [
  (subject) => `Tell me a long story about ${subject}.`,
  (subject) => `Explain in detail what people should know about ${subject}.`,
  (subject) => `Write a letter to a friend about ${subject}, several paragraphs long.`,
  (subject) => `Describe ${subject} to somebody who has never seen anything like it.`,
  (subject) => `List ten facts about ${subject}, each with a reason.`,
  (subject) => `Write a JSON object that describes ${subject} with many fields.`,
  (subject) => `What would a historian, a child and a merchant each say about ${subject}?`,
];

const samplings = [
  { temperature: 0.7, topP: 1 },
  { temperature: 0.7, topP: 1 },
  { temperature: 0, topP: 1 },
  { temperature: 1, topP: 0.9 },
] as const;

/** Under it tokens are said that a model would not have chosen, and there machines differ more. */
const schema = JSON.stringify({
  type: "object",
  properties: {
    title: { type: "string", maxLength: 40 },
    year: { type: "integer" },
    parts: { type: "array", items: { type: "string", maxLength: 30 }, maxItems: 4 },
    kind: { enum: ["large", "small"] },
    maker: { anyOf: [{ type: "object", properties: { name: { type: "string" } } }, { type: "null" }] },
  },
  required: ["title", "year", "parts", "kind", "maker"],
  additionalProperties: false,
});

/**
 * The `index`-th question of a pair's own series: no two pairs, and no two questions of one, share prompt and seed. Those
 * of a series named so ask for an answer under a schema.
 */
export function questionOf(series: string, index: number): Question {
  const hash = createHash("sha256").update(`${series} ${index}`).digest();
  const half = subjects[index % 2]!;
  const subject = half[hash[0]! % half.length]!;
  const form = forms[hash[1]! % forms.length]!;
  const note = `Note ${index}. ${form(subject)}`;
  const system =
    hash[2]! % 3 === 0 ? [{ role: "system" as const, content: "You are a careful assistant." }] : [];
  return {
    prompt: { kind: "chat", messages: [...system, { role: "user", content: note }] },
    sampling: {
      ...samplings[(index >> 1) % samplings.length]!,
      seed: createHash("sha256").update(hash).digest("hex"),
      ...(series.startsWith("schema") ? { schema } : {}),
    },
  };
}
