import * as z from "zod";
import { limits } from "./limits.ts";
import { invalidRequest, type Refusal } from "./openai.ts";

/** What the network backend takes from a body of `POST /v1/embeddings` or `POST /v1/classify`. */
export interface EmbeddingRequest {
  readonly inputs: readonly string[];
  readonly encoding: "float" | "base64";
  /** Length of the vectors that the application reckons with, where it says so. */
  readonly dimensions: number | undefined;
  /** Of a classifier: logits as they are, no probabilities. */
  readonly logits: boolean;
}

const inputMax = limits.embeddingInputsMax;
const text = z.string().min(1, "a text must not be empty");
const schema = z.object({
  input: z.union([text, z.array(text).min(1).max(inputMax)]),
  encoding_format: z.enum(["float", "base64"]).nullish(),
  dimensions: z.int().min(1).nullish(),
  use_activation: z.boolean().nullish(),
});

/** Reads such a body. What cannot be honoured is refused with 400 naming the parameter, never ignored. */
export function parseEmbeddingRequest(body: Readonly<Record<string, unknown>>): EmbeddingRequest | Refusal {
  const unheeded = refuseUnheeded(body, notHonoured);
  if (unheeded !== undefined) return unheeded;
  const { input } = body;
  if (Array.isArray(input) && input.length > inputMax)
    return invalidRequest(`\`input\` holds ${input.length} texts; at most ${inputMax} at once.`, "input");
  if (holdsTokens(input)) return tokensRefused;
  const { data, error } = schema.safeParse(body);
  if (data === undefined) {
    const param = String(error.issues[0]?.path[0] ?? "input");
    return invalidRequest(`\`${param}\` must be ${wanted[param] ?? "valid"}.`, param);
  }
  return {
    inputs: typeof data.input === "string" ? [data.input] : data.input,
    encoding: data.encoding_format ?? "float",
    dimensions: data.dimensions ?? undefined,
    logits: data.use_activation === false,
  };
}

/** The same of `POST /v1/classify`: the form is vLLM's, of which nothing may go unheeded either. */
export function parseClassifyRequest(body: Readonly<Record<string, unknown>>): EmbeddingRequest | Refusal {
  return refuseUnheeded(body, ofVectors) ?? parseEmbeddingRequest(body);
}

function refuseUnheeded(
  body: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Refusal | undefined {
  const param = names.find((name) => (body[name] ?? undefined) !== undefined);
  if (param === undefined) return undefined;
  return invalidRequest(`\`${param}\` is not supported: ${wholeTexts}`, param, "unsupported_parameter");
}

const notHonoured = [
  "messages",
  "truncate_prompt_tokens",
  "truncation_side",
  "add_special_tokens",
  "softmax",
  "activation",
];
const ofVectors = ["encoding_format", "dimensions"];
const wholeTexts = "texts are read whole, as the model's tokenizer has them, and numbers come back.";

function holdsTokens(input: unknown): boolean {
  return Array.isArray(input) && input.some((each) => typeof each === "number" || Array.isArray(each));
}

/** Clients count with another model's vocabulary: its ids would give vectors of nothing, without a word of warning. */
const tokensRefused: Refusal = invalidRequest(
  "`input` holds token ids, which mean nothing to a model with another vocabulary. Send text " +
    "(LangChain: check_embedding_ctx_length=False).",
  "input",
  "tokens_not_supported",
);

const wanted: Readonly<Record<string, string>> = {
  input: "a text, or a list of texts, none of them empty",
  encoding_format: '"float" or "base64"',
  dimensions: "a whole number above 0",
  use_activation: "true or false",
};
