/** What a request allows when its answer breaks off half-way. */
export interface Traits {
  /** Asked to give the same answer again: temperature 0 or a seed. */
  readonly deterministic: boolean;
  /** Another server may go on from the text so far (assistant prefill). */
  readonly prefill: boolean;
  /** The same request may be made again and its answer compared with the text so far. */
  readonly replay: boolean;
  /** Why neither is possible, for the error; undefined when one is. */
  readonly obstacle?: string;
}

type Body = Readonly<Record<string, unknown>>;

export function traitsOf(
  endpoint: "chat/completions" | "completions" | "embeddings" | "classify",
  body: Body,
): Traits {
  if (endpoint === "embeddings" || endpoint === "classify") return vectors;
  const deterministic = body["temperature"] === 0 || typeof body["seed"] === "number";
  const obstacle = obstacleIn(body);
  if (obstacle !== undefined) return { deterministic, prefill: false, replay: false, obstacle };
  const prefill = endpoint === "completions" ? promptCanGrow(body) : chatCanGrow(body);
  return { deterministic, prefill, replay: true };
}

/** Answers that the request asks for at once: each prompt's, and so many of each. */
export function choicesAsked({ n, prompt }: Body): number {
  const prompts = hasSeveral(prompt) ? prompt.length : 1;
  return prompts * (typeof n === "number" ? n : 1);
}

/** They come whole or not at all; and servers' vectors of one text seldom agree to the last bit. */
const vectors: Traits = {
  ...{ deterministic: false, prefill: false, replay: false },
  obstacle: "vectors cannot be continued",
};

function obstacleIn(body: Body): string | undefined {
  if (above(body["n"], 1) || above(body["best_of"], 1)) return "several answers were asked for at once";
  if ((body["logprobs"] ?? false) !== false || above(body["top_logprobs"], 0))
    return "log probabilities were asked for";
  const thinking = body["reasoning_effort"] ?? body["reasoning"] ?? body["thinking"] ?? undefined;
  if (thinking !== undefined && thinking !== "none") return "the model reasons out of sight";
  const { modalities, prompt } = body;
  if (Array.isArray(modalities) && modalities.some((kind) => kind !== "text"))
    return "the answer is not only text";
  return hasSeveral(prompt) ? "several prompts were sent at once" : undefined;
}

/** Several prompts; one may be a list too, of tokens. */
function hasSeveral(prompt: unknown): prompt is readonly unknown[] {
  return Array.isArray(prompt) && prompt.length > 1 && typeof prompt[0] !== "number";
}

function promptCanGrow(body: Body): boolean {
  return typeof body["prompt"] === "string" && body["echo"] !== true && !body["suffix"];
}

function chatCanGrow(body: Body): boolean {
  const { messages, response_format: format } = body;
  // A server that holds the answer to a grammar would start the grammar anew after the prefill.
  const constrained = isObject(format) && (format["type"] ?? "text") !== "text";
  if (constrained || !Array.isArray(messages)) return false;
  // The application's own prefill stays its own: two assistant messages in a row mean something else.
  const last = messages.at(-1);
  return isObject(last) && last["role"] !== "assistant";
}

function above(value: unknown, least: number): boolean {
  return typeof value === "number" && value > least;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
