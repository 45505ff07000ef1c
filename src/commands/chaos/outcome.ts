import type { Stream } from "./stream.ts";

/**
 * What a request came to. `success`: whole, exact, in order, once, with an honest end. `error`: an explicit one, in
 * the answer's place or inside the stream. Everything else is a silent failure, which must never be:
 *
 *   truncated   it ended without its whole text and without saying so, or with an end that was not its own
 *   duplicate   a part of the text came twice, or something came after the end
 *   wrong       other text than the model's
 *   hang        no end within the deadline
 */
export type Outcome = "success" | "error" | "truncated" | "duplicate" | "wrong" | "hang";
export const silentFailures = ["truncated", "duplicate", "wrong", "hang"] as const satisfies Outcome[];

/** `expected`: the whole text it must have; undefined where no one can know it, and only its form is judged. */
export function outcomeOf(stream: Stream, expected: string | undefined): Outcome {
  const { text, error, end, done, finish, overrun } = stream;
  if (end === "late") return "hang";
  if (error !== undefined && !done) return "error";
  if (overrun) return "duplicate";
  if (expected !== undefined && !expected.startsWith(text)) return strayed(text, expected);
  const whole = expected === undefined ? text !== "" : text === expected;
  // The synthetic engine always speaks to the limit; of other models either end may be the true one.
  const honest = expected === undefined ? finish !== undefined : finish === "length";
  return whole && honest && done && end === "whole" ? "success" : "truncated";
}

/** Words that are enough to find a place in an answer by. */
const placeWords = 3;

/** Where the text leaves the expected one, does it say again what it had said? */
function strayed(text: string, expected: string): Outcome {
  let at = 0;
  while (at < text.length && text[at] === expected[at]) at += 1;
  const from = text.lastIndexOf(" ", at - 1) + 1;
  const next = text.slice(from).split(" ").slice(0, placeWords).join(" ");
  return expected.slice(0, from).includes(next) || from >= expected.length ? "duplicate" : "wrong";
}
