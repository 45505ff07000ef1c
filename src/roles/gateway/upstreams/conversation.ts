import { sizeLeast } from "../../../domain/routing/prefixes.ts";
import type { Call } from "../backend.ts";

/** The messages of a request for words, as texts that differ where they do; none where they are not looked at. */
export function conversationOf({ endpoint, body, raw }: Call): readonly string[] {
  const { messages } = body;
  const isWorthIt = raw.length >= sizeLeast && raw.length <= charsMax;
  if (endpoint !== "chat/completions" || !isWorthIt || !Array.isArray(messages)) return [];
  const texts = messages.map(textOf);
  return texts.every((text) => text !== undefined) ? texts : [];
}

/** UTF-16 units; more, such as pictures, takes longer to digest than one event may, and fits few windows. */
const charsMax = 1 << 19;

/** Undefined for one nested so deep that it cannot be written. */
function textOf(message: unknown): string | undefined {
  try {
    return JSON.stringify(message);
  } catch {
    return undefined;
  }
}
