import { describe, expect, test } from "vitest";
import type { PeerId } from "../ids.ts";
import { standingOf } from "./votes.ts";

const peers = (names: string) => names.split(" ").filter(Boolean) as PeerId[];
const standing = (speaker: string, accepts: string, rejects: string, strangers = "x y z", doubtful = "") =>
  standingOf(
    { speaker: speaker as PeerId, accepts: peers(accepts), rejects: peers(rejects) },
    { strangers: peers(strangers), sampling: peers(doubtful), unverified: [] },
  );

test("where nobody has a stake, one dissent opens a dispute and the majority of at least two decides", () => {
  const among = (accepts: string, rejects: string) => standing("s", accepts, rejects, "");
  expect(among("", "")).toBe("open");
  expect(among("a", "")).toBe("accepted");
  expect(among("", "b")).toBe("disputed");
  expect(among("a", "b")).toBe("disputed");
  expect(among("a c", "b")).toBe("accepted");
  expect(among("a", "b d")).toBe("rejected");
});

describe("where some have a stake, strangers", () => {
  test("accept nothing, whoever speaks", () => {
    expect(standing("s", "x y z", "")).toBe("open");
    expect(standing("x", "y z", "")).toBe("open");
  });

  test("say nothing against a speaker who has one", () => {
    expect(standing("s", "", "x y z")).toBe("open");
  });

  test("may doubt and drop one another", () => {
    expect(standing("x", "", "y")).toBe("disputed");
    expect(standing("x", "", "y z")).toBe("rejected");
    expect(standing("x", "y z", "w", "w x y z")).toBe("open");
  });

  test("yield to the first vote of anybody else", () => {
    expect(standing("x", "a", "y z")).toBe("accepted");
    expect(standing("s", "x y z", "a")).toBe("disputed");
    expect(standing("s", "x y z", "a b")).toBe("rejected");
  });
});

describe("who looks at some positions only", () => {
  const among = (accepts: string, rejects: string) => standing("s", accepts, rejects, "", "i j k");

  test("accepts while nobody rejects", () => {
    expect(among("i", "")).toBe("accepted");
  });

  test("outvotes nobody who rejects, in any number", () => {
    expect(among("i j k", "a")).toBe("disputed");
    expect(among("i a b", "c")).toBe("accepted");
  });

  test("still stands between a speaker and as many who reject", () => {
    expect(among("i j", "a b")).toBe("disputed");
    expect(among("i", "a b")).toBe("rejected");
  });

  test("is believed no more than who has an engine that was never tried", () => {
    const held = { speaker: "s" as PeerId, accepts: peers("i j"), rejects: peers("a") };
    const voters = { strangers: [], sampling: [] };
    expect(standingOf(held, { ...voters, unverified: peers("i j") })).toBe("disputed");
    expect(standingOf(held, { ...voters, unverified: [] })).toBe("accepted");
  });

  test("has a whole voice against what it saw", () => {
    expect(among("", "i a")).toBe("rejected");
    expect(among("a", "i")).toBe("disputed");
  });
});
