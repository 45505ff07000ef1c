import { expect, test } from "vitest";
import { createLog } from "./log.ts";

function logged(format: "json" | "text", facts: Record<string, unknown>): string {
  const lines: string[] = [];
  createLog({ level: "info", format, write: (line) => void lines.push(line) }).warn("offer.refused", facts);
  return lines.join("");
}

test("a line for people has time, level, event and facts", () => {
  expect(logged("text", { from: "16Uiu2", bytes: 7 })).toMatch(
    /^\d\d:\d\d:\d\d warn {2}offer\.refused from=16Uiu2 bytes=7\n$/,
  );
});

test("a stranger's words neither begin a line of their own nor steer the terminal", () => {
  const line = logged("text", { detail: "first\r\n12:00:00 error forged\u001b[2J\u009b2J\u0007" });
  expect(line.match(/\p{Cc}/gu)).toEqual(["\n"]);
  expect(line.endsWith("\n")).toBe(true);
});

test("a line for machines is one JSON object, and nothing below the level is written", () => {
  expect(JSON.parse(logged("json", { detail: "first\nsecond" }))).toMatchObject({
    event: "offer.refused",
    detail: "first\nsecond",
  });
  const lines: string[] = [];
  createLog({ level: "error", format: "json", write: (line) => void lines.push(line) }).info("node.bonded");
  expect(lines).toEqual([]);
});
