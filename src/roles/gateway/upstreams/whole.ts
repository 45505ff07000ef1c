import type { AttemptFault } from "./fault.ts";

/** What is wrong with a whole body as an answer; undefined when nothing is. */
export function wholeAnswer(body: string): AttemptFault | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    return { code: "garbage", detail: "the body is not JSON" };
  }
  if (typeof answer !== "object" || answer === null)
    return { code: "garbage", detail: "the body is no answer" };
  if ("error" in answer && answer.error !== null)
    return { code: "error-event", detail: "an error with status 200" };
  if ("data" in answer && areVectors(answer.data)) return undefined;
  const choices = "choices" in answer ? answer.choices : undefined;
  if (!Array.isArray(choices) || choices.length === 0) return { code: "garbage", detail: "no choices" };
  const ended = choices.every((choice) => typeof choice?.finish_reason === "string");
  return ended ? undefined : { code: "cut", detail: "no finish_reason" };
}

/** The answer to a request for vectors, or for classes. */
function areVectors(data: unknown): boolean {
  const isVector = (each: { readonly embedding?: unknown; readonly probs?: unknown } | null) =>
    Array.isArray(each?.embedding) || typeof each?.embedding === "string" || Array.isArray(each?.probs);
  return Array.isArray(data) && data.length > 0 && data.every(isVector);
}
