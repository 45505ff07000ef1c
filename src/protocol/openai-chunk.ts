import { editMembers, memberText } from "./json-edit.ts";

/** What one chunk of a streamed answer means for going on with it elsewhere. */
export interface ChunkFacts {
  /** Answer text it adds. */
  readonly text: string;
  /**
   * It adds something another server cannot go on from: a tool call, reasoning, log probabilities, a second choice.
   * A role alone is not such a thing, and is not content either.
   */
  readonly opaque: boolean;
  /** The choices it tells of, and those of them that end here (`finish_reason`). */
  readonly choices: readonly number[];
  readonly ends: readonly number[];
  /** The upstream's own error inside the stream. */
  readonly error: boolean;
  /** It tells how many tokens prompt and answer have. */
  readonly usage: boolean;
  readonly id: unknown;
  readonly created: unknown;
}

/** Reads the data of one event of a chat or text completion stream; undefined when it is not one. */
export function readChunk(data: string): ChunkFacts | undefined {
  let chunk: unknown;
  try {
    chunk = JSON.parse(data);
  } catch {
    return undefined;
  }
  if (!isObject(chunk)) return undefined;
  const { id, created } = chunk;
  const error = (chunk["error"] ?? undefined) !== undefined;
  const usage = isObject(chunk["usage"]);
  const given = chunk["choices"] ?? [];
  if (!Array.isArray(given)) return undefined;
  const choices: number[] = [];
  const ends: number[] = [];
  const facts = { text: "", opaque: false, choices, ends, error, usage, id, created };
  for (const choice of given) {
    if (!isObject(choice)) return undefined;
    const { text, opaque } = readChoice(choice);
    const index = indexOf(choice);
    if (opaque || (text !== "" && index !== 0)) facts.opaque = true;
    facts.text += text;
    choices.push(index);
    if (typeof choice["finish_reason"] === "string") ends.push(index);
  }
  return facts;
}

/** The same chunk without what it tells of these choices; undefined when that leaves nothing. */
export function withoutChoices(data: string, over: ReadonlySet<number>): string | undefined {
  const chunk = JSON.parse(data) as { choices: Array<Record<string, unknown>>; usage?: unknown };
  const left = chunk.choices.filter((choice) => !over.has(indexOf(choice)));
  if (left.length === 0 && !isObject(chunk.usage)) return undefined;
  return editMembers(data, { choices: JSON.stringify(left) });
}

/** The same chunk without the first `chars` of its text. Only for chunks that are nothing but text. */
export function cutChunkText(data: string, chars: number): string {
  const chunk = JSON.parse(data) as { choices: Array<{ text?: unknown; delta?: { content?: unknown } }> };
  for (const choice of chunk.choices) {
    if (typeof choice.text === "string") choice.text = choice.text.slice(chars);
    else if (typeof choice.delta?.content === "string")
      choice.delta.content = choice.delta.content.slice(chars);
  }
  return JSON.stringify(chunk);
}

/**
 * The same chunk, with so many tokens counted to the answer instead of the prompt: a server that was given the beginning
 * of an answer counts it as prompt. The total stays as it is.
 */
export function countedToAnswer(data: string, tokens: number): string {
  const usage: unknown = JSON.parse(memberText(data, "usage") ?? "null");
  if (!isObject(usage)) return data;
  const { prompt_tokens: prompt, completion_tokens: completion, prompt_tokens_details: details } = usage;
  if (typeof prompt !== "number" || typeof completion !== "number") return data;
  const moved = Math.min(tokens, prompt);
  const changed = { ...usage, prompt_tokens: prompt - moved, completion_tokens: completion + moved };
  // Of a prompt no more can have been cached than there is.
  if (isObject(details) && typeof details["cached_tokens"] === "number") {
    const cached = Math.min(details["cached_tokens"], prompt - moved);
    Object.assign(changed, { prompt_tokens_details: { ...details, cached_tokens: cached } });
  }
  return editMembers(data, { usage: JSON.stringify(changed) });
}

/** Where there is only one choice, some servers leave its number out. */
function indexOf({ index }: Record<string, unknown>): number {
  return typeof index === "number" ? index : 0;
}

function readChoice(choice: Record<string, unknown>): { text: string; opaque: boolean } {
  let opaque = holdsSomething(choice["logprobs"]);
  if (typeof choice["text"] === "string") return { text: choice["text"], opaque };
  const delta = choice["delta"];
  if (!isObject(delta)) return { text: "", opaque };
  let text = "";
  for (const name in delta) {
    const value = delta[name];
    if (name === "content" && typeof value === "string") text = value;
    else if (name !== "role" && holdsSomething(value)) opaque = true;
  }
  return { text, opaque };
}

function holdsSomething(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return false;
  return !(Array.isArray(value) && value.length === 0);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
