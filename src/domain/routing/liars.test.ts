import { describe, expect, test } from "vitest";
import type { PeerId } from "../ids.ts";
import { healthy, standing } from "./health.ts";
import { createLiars } from "./liars.ts";

const lies = { least: 1000, most: 60_000, kept: 0.5 };
const [a, b, c, d] = ["a", "b", "c", "d"] as PeerId[] as [PeerId, PeerId, PeerId, PeerId];

/** Catches them one after the other, on a list of two. */
function caught(...all: ReadonlyArray<readonly [PeerId, boolean]>) {
  const liars = createLiars({ lies, liarsMax: 2 });
  for (const [at, [peer, bonded]] of all.entries()) liars.caught(peer, at, at, bonded);
  return [a, b, c, d].filter((peer) => liars.of(peer) !== healthy);
}

describe("liars", () => {
  test("are known until they have spoken the truth often enough, and only from then on", () => {
    const liars = createLiars({ lies, liarsMax: 2 });
    liars.caught(a, 0, 0, true);
    expect(standing(liars.of(a), 500)).toBe("quarantined");
    liars.caught(a, 1000, 1000, true);
    liars.vouched(a, 500);
    expect(liars.of(a).incidents, "what began before the lie says nothing").toBe(2);
    liars.vouched(a, 4000);
    expect(standing(liars.of(a), 4000)).toBe("probation");
    liars.vouched(a, 4000);
    expect(liars.of(a)).toBe(healthy);
  });

  test("without a stake make room for others, the one caught longest ago first", () => {
    expect(caught([a, false], [b, false], [c, false])).toEqual([b, c]);
    expect(caught([a, true], [b, false], [c, true])).toEqual([a, c]);
    expect(caught([a, true], [b, true], [c, false])).toEqual([a, b]);
  });

  test("with a stake make room for each other, the one caught longest ago first", () => {
    expect(caught([a, true], [b, true], [c, true])).toEqual([b, c]);
    expect(caught([a, true], [b, true], [a, true], [c, true])).toEqual([a, c]);
  });

  test("that get a stake are strangers no more once they are caught again", () => {
    expect(caught([a, false], [b, true], [a, true], [c, false])).toEqual([a, b]);
  });

  test("are nobody's business who never lied", () => {
    const liars = createLiars({ lies, liarsMax: 2 });
    liars.vouched(d, 0);
    expect(liars.of(d)).toBe(healthy);
  });
});
