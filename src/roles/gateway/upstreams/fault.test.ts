import { describe, expect, test } from "vitest";
import { limits } from "../../../protocol/limits.ts";
import { judgeStatus } from "./fault.ts";

const wallMs = Date.UTC(2026, 10, 29, 18, 0, 0);
const judged = (status: number, headers: Record<string, string>) => judgeStatus(status, headers, "", wallMs);

describe("a server that asks for a pause is busy, not broken", () => {
  test.each([
    ["in seconds", { "retry-after": "20" }, 20_000],
    ["in milliseconds", { "retry-after-ms": "1500.5", "retry-after": "2" }, 1500.5],
    ["until a date", { "retry-after": "Sun, 29 Nov 2026 18:00:20 GMT" }, 20_000],
    [
      "until a date by its own clock",
      { "retry-after": "Sun, 29 Nov 2026 16:30:20 GMT", date: "Sun, 29 Nov 2026 16:30:00 GMT" },
      20_000,
    ],
    ["until a date that has passed", { "retry-after": "Sun, 29 Nov 2026 17:00:00 GMT" }, 0],
    ["for hours", { "retry-after": "36000" }, limits.upstreamPauseMsMax],
    ["for nobody knows how long", { "retry-after": "soon" }, undefined],
    ["with an empty header", { "retry-after": "" }, undefined],
    ["for less than no time", { "retry-after": "-5" }, undefined],
  ] as const)("%s", (_, headers, retryAfterMs) => {
    for (const status of [429, 503]) {
      expect(judged(status, headers)).toEqual({
        ...{ code: "busy", detail: `status ${status}` },
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      });
    }
  });
});

test("a 503 that asks for nothing is a fault, and a 429 never is", () => {
  expect(judged(503, {})).toEqual({ code: "status", detail: "status 503" });
  expect(judged(429, {})).toEqual({ code: "busy", detail: "status 429" });
});
