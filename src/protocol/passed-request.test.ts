import { describe, expect, test } from "vitest";
import { refuseUnreadable } from "./passed-request.ts";

describe("a request that is passed on to an upstream", () => {
  test.each([
    ["stream", { stream: "yes" }],
    ["stream", { stream: 1 }],
    ["stream_options", { stream_options: [] }],
    ["stream_options.include_usage", { stream_options: { include_usage: "yes" } }],
    ["n", { n: -1 }],
    ["n", { n: "2" }],
    ["best_of", { best_of: 0 }],
    ["max_tokens", { max_tokens: "16" }],
    ["max_completion_tokens", { max_completion_tokens: 1.5 }],
    ["seed", { seed: "7" }],
    ["temperature", { temperature: "0" }],
  ])("is refused by the name of the field that cannot be read: %s", (param, body) => {
    const refusal = refuseUnreadable(body);
    expect(refusal).toMatchObject({ status: 400, type: "invalid_request_error", param });
    expect(refusal?.message).toContain(`\`${param}\` must be `);
  });

  test("goes on whatever else it holds, and with bounds that are the upstream's to judge", () => {
    const nothing = { stream: null, stream_options: null, n: null, max_tokens: null, temperature: null };
    expect(refuseUnreadable(nothing)).toBeUndefined();
    const odd = { temperature: 9, max_tokens: -1, seed: 2 ** 60, n: 500, messages: "none", tools: 3 };
    expect(refuseUnreadable({ ...odd, stream: true, stream_options: { other: 1 } })).toBeUndefined();
  });
});
