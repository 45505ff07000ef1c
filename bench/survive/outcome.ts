import type { Piece } from "../../src/commands/chaos/stream.ts";
import { story } from "./story.ts";

/** What became of one request, as an application sees it. */
export interface Outcome {
  /**
   * "whole": complete, exact, in order, once, with an honest end. "error": the application was told that it failed, and
   * had been told nothing false before. "silent": it failed and looks as if it had not, or said what is not the answer's.
   * "timeout": it said nothing more within the client's patience.
   */
  readonly end: "whole" | "error" | "silent" | "timeout";
  readonly latencyMs: number;
  /** When content came, and how much. */
  readonly pieces: readonly Piece[];
  /** Who spoke after whom, where the answer says so. */
  readonly speakers: readonly Speaker[];
}

export interface Speaker {
  readonly name: string;
  /** Words that had come before its first. */
  readonly before: number;
  readonly at: number;
}

/** The whole of what came: "cut", the connection broke; "late", the client gave up. */
export interface Heard {
  readonly status: number;
  readonly body: string;
  readonly how: "whole" | "cut" | "late";
}

export function endOf(
  { status, body, how }: Heard,
  { number, tokens, stream }: { readonly number: number; readonly tokens: number; readonly stream: boolean },
): Outcome["end"] {
  const without = how === "late" ? "timeout" : "error";
  if (status !== 200) return without;
  const expected = story(number, tokens).join("");
  if (stream) return endOfStream(body, expected, how === "whole" ? undefined : without);
  if (how !== "whole") return without;
  const choice = parsed(body)?.choices?.[0];
  if (choice === undefined) return "error";
  return choice.message?.content === expected && choice.finish_reason === "stop" ? "whole" : "silent";
}

/**
 * As the official client reads it: a stream that just stops looks like success to it, an error or what is no JSON makes
 * it throw, and after [DONE] it reads no more. `broken`: what it came to by breaking off.
 */
function endOfStream(
  body: string,
  expected: string,
  broken: "error" | "timeout" | undefined,
): Outcome["end"] {
  let text = "";
  let finish: string | undefined;
  let done = false;
  for (const event of body.split("\n\n")) {
    if (!event.startsWith("data:")) continue;
    const data = event.slice(5).trim();
    if (data === "[DONE]") {
      done = true;
      continue;
    }
    const chunk = parsed(data);
    // It makes no false word true that was said before it, and after the end nobody hears it.
    if (chunk === undefined || chunk.error) return !done && expected.startsWith(text) ? "error" : "silent";
    const choice = chunk.choices?.[0];
    text += choice?.delta?.content ?? "";
    finish = choice?.finish_reason ?? finish;
  }
  if (!expected.startsWith(text)) return "silent";
  return broken ?? (text === expected && finish === "stop" && done ? "whole" : "silent");
}

interface Chunk {
  readonly error?: unknown;
  readonly choices?: ReadonlyArray<{
    readonly delta?: { readonly content?: string };
    readonly message?: { readonly content?: string };
    readonly finish_reason?: string | null;
  }>;
}

function parsed(data: string): Chunk | undefined {
  try {
    return (JSON.parse(data) as Chunk | null) ?? undefined;
  } catch {
    return undefined;
  }
}
