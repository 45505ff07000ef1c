import type { Call } from "../backend.ts";

/** The messages of a request for words, as texts that differ where they do; none where they are not looked at. */
export function conversationOf({ endpoint, body, raw }: Call): readonly string[] {
  const { messages } = body;
  if (endpoint !== "chat/completions" || raw.length < charsMin || !Array.isArray(messages)) return [];
  const texts = messages.map(textOf);
  return texts.every((text) => text !== undefined) ? texts : [];
}

/** What is shorter is read in no time worth mentioning, UTF-16 units: about five hundred tokens. */
const charsMin = 2_048;

/** Undefined for one nested so deep that it cannot be written. */
function textOf(message: unknown): string | undefined {
  try {
    return JSON.stringify(message);
  } catch {
    return undefined;
  }
}
