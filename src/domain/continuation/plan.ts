import type { Traits } from "./traits.ts";

/** How an attempt takes up an answer of which the application already holds some text. */
export interface Plan {
  /** "fresh": nothing was said yet. "prefill": goes on after `prefix`. "replay": the request again, from the start. */
  readonly how: "fresh" | "prefill" | "replay";
  /** Text given to the server as already said. */
  readonly prefix: string;
  /** Text it must say first, exactly; it is dropped. `prefix + overlap` is what the application holds. */
  readonly overlap: string;
}

/**
 * The plan for asking one server to go on after `said`, or undefined when there is no safe one. `canPrefill` is what
 * is known of that server. The rule everywhere: the application's text is a prefix of one answer that one server,
 * at some point, was seen to give in full agreement with it.
 */
export function planFor(said: string, traits: Traits, canPrefill: boolean): Plan | undefined {
  if (said === "") return { how: "fresh", prefix: "", overlap: "" };
  if (traits.prefill && canPrefill) {
    const boundary = prefillBoundary(said, traits.deterministic ? wordsDeterministic : wordsSampled);
    if (boundary > 0)
      return { how: "prefill", prefix: said.slice(0, boundary), overlap: said.slice(boundary) };
  }
  // A sampled answer seldom repeats itself, but its first few words may.
  if (traits.replay && (traits.deterministic || said.length <= replaySampledMax)) {
    return { how: "replay", prefix: "", overlap: said };
  }
  return undefined;
}

/** Words said again before new text counts: more show more, but a sampled answer must be able to match. */
const wordsDeterministic = 3;
const wordsSampled = 1;
const wordsMax = 12;
/** Text without spaces (Chinese, a long number) is cut this many characters before its end. */
const wordCharsMax = 24;
/** Longest text of a sampled answer that a replay is tried for. */
const replaySampledMax = 24;

/**
 * Where to cut: before the blank in front of the last `words` words, since tokens carry their leading blank and
 * templates strip trailing ones. 0 when there is no such place.
 */
export function prefillBoundary(said: string, words: number): number {
  for (let count = words; count <= wordsMax; count++) {
    const boundary = blankBefore(said, count);
    // The answer's own beginning must not look like the overlap, or a restart could pass for a continuation.
    if (boundary === 0 || !said.startsWith(said.slice(boundary))) return boundary;
  }
  return 0;
}

function blankBefore(said: string, words: number): number {
  let at = said.length;
  for (let count = 0; count < words; count++) {
    while (at > 0 && isBlank(said, at - 1)) at -= 1;
    const wordEnd = at;
    while (at > 0 && !isBlank(said, at - 1) && wordEnd - at < wordCharsMax) at -= 1;
    if (isLowSurrogate(said, at)) at -= 1;
    while (at > 0 && isBlank(said, at - 1)) at -= 1;
  }
  return at;
}

function isBlank(text: string, at: number): boolean {
  return /\s/.test(text[at] ?? "");
}

function isLowSurrogate(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff;
}

/** What a server has said so far, held against its plan. */
export type Agreement =
  | { readonly state: "differs" }
  /** So far the same. `whole`: nothing of the overlap is missing. */
  | { readonly state: "agrees"; readonly whole: boolean }
  /** New text begins at this index of what it said. */
  | { readonly state: "goes-on"; readonly from: number };

/** Some servers repeat the prefill before they go on: that is agreement too, with the whole text. */
export function holdAgainst(plan: Plan, heard: string): Agreement {
  const expected = plan.prefix === "" ? [plan.overlap] : [plan.overlap, plan.prefix + plan.overlap];
  let agrees = false;
  let whole = false;
  for (const text of expected) {
    if (heard.length > text.length) {
      if (heard.startsWith(text)) return { state: "goes-on", from: text.length };
    } else if (text.startsWith(heard)) {
      agrees = true;
      whole ||= heard.length === text.length;
    }
  }
  return agrees ? { state: "agrees", whole } : { state: "differs" };
}
