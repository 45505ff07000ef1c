import fc from "fast-check";
import { expect, test } from "vitest";
import { httpDateMs } from "./http-date.ts";

test("a date reads as whoever wrote it meant it, in both forms", () => {
  expect(httpDateMs("Sun, 06 Nov 1994 08:49:37 GMT")).toBe(784_111_777_000);
  expect(httpDateMs("Sunday, 29-Nov-26 18:20:00 GMT")).toBe(Date.UTC(2026, 10, 29, 18, 20));
  const seconds = fc.integer({ min: 0, max: Date.UTC(2400, 0) / 1000 });
  fc.assert(
    fc.property(seconds, (at) => {
      expect(httpDateMs(new Date(at * 1000).toUTCString())).toBe(at * 1000);
    }),
  );
});

test.each(["", "120", "soon", "2026-11-29T18:20:00Z", "Sun, 06 Foo 1994 08:49:37 GMT"])(
  "%j is none",
  (text) => {
    expect(httpDateMs(text)).toBeUndefined();
  },
);
