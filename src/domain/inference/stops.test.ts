import * as fc from "fast-check";
import { expect, test } from "vitest";
import { scanStops } from "./stops.ts";

test("what leaves is the text up to the first stop string, however it is cut into pieces", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 30 });
  const stops = fc.array(fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 4 }), {
    maxLength: 3,
  });
  fc.assert(
    fc.property(fc.array(letters), stops, (pieces, stops) => {
      let seen = "";
      let withheld = "";
      let stopped = false;
      for (const piece of pieces) {
        const scan = scanStops(stops, withheld, piece);
        seen += scan.text;
        withheld = scan.withheld;
        stopped = scan.stopped;
        if (stopped) break;
      }
      const whole = pieces.join("");
      // The stop that is complete first wins; with pieces, that is the first whose end has arrived.
      const contains = stops.some((stop) => whole.includes(stop));
      expect(stopped).toBe(contains);
      expect(whole.startsWith(seen)).toBe(true);
      expect(stops.some((stop) => seen.includes(stop))).toBe(false);
      if (!stopped) expect(seen + withheld).toBe(whole);
      else expect(stops.some((stop) => whole.startsWith(seen + stop))).toBe(true);
    }),
  );
});
