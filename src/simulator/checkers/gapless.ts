import type { Seen } from "../application.ts";

/** What the application read is positions 0, 1, 2, … of one answer, each once, whatever failed meanwhile. */
export function checkGapless({ text }: Seen): string | undefined {
  const positions = text
    .split(" ")
    .filter(Boolean)
    .map((word) => Number(word.split(":")[0]));
  const wrong = positions.findIndex((position, index) => position !== index);
  return wrong < 0 ? undefined : `position ${positions[wrong]} where ${wrong} was due`;
}
