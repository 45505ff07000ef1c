import { takenBack } from "../../protocol/standing.ts";
import type { Stream } from "./stream.ts";

/**
 * What a request came to. `success`: whole, exact, in order, once, with an honest end. `error`: an explicit one, in
 * the answer's place or inside the stream, after nothing but the answer's own words. `withdrawn`: other words than the
 * answer's, which an explicit error then took back, naming how many of them stand. Everything else is a silent
 * failure, which must never be:
 *
 *   truncated   it ended without its whole text and without saying so, or with an end that was not its own
 *   duplicate   a part of the text came twice, or something came after the end
 *   wrong       other text than the model's, or what is no text at all
 *   hang        no end within the deadline
 */
export type Outcome = "success" | "error" | "withdrawn" | "truncated" | "duplicate" | "wrong" | "hang";
export const silentFailures = ["truncated", "duplicate", "wrong", "hang"] as const satisfies Outcome[];

/** `expected`: the whole text it must have; undefined where no one can know it, and only its form is judged. */
export function outcomeOf(stream: Stream, expected: string | undefined): Outcome {
  const { text, error, end, done, finish, overrun, garbled } = stream;
  if (garbled) return "wrong";
  // An error after it makes no false word true: what was said is looked at first.
  if (expected !== undefined && !expected.startsWith(text))
    return isWithdrawn(stream, expected) ? "withdrawn" : strayed(text, expected);
  if (overrun) return "duplicate";
  if (end === "late") return "hang";
  // Who says that it failed and then that all is done has pretended an end.
  if (error !== undefined) return done ? "truncated" : "error";
  const whole = expected === undefined ? text !== "" : text === expected;
  // The synthetic engine always speaks to the limit; of other models either end may be the true one.
  const honest = expected === undefined ? finish !== undefined : finish === "length";
  return whole && honest && done && end === "whole" ? "success" : "truncated";
}

/** Did its end tell that it is not to be believed, and are the words that were to stand the answer's? */
function isWithdrawn({ text, error, stands, done, end }: Stream, expected: string): boolean {
  if (error !== takenBack || done || end !== "whole") return false;
  return expected.startsWith(text.split(" ", stands).join(" "));
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
