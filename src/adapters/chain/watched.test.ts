import { expect, test } from "vitest";
import { Watched } from "./watched.ts";

test("what was asked for longest ago makes room, and what is not watched is not learned", () => {
  const watched = new Watched<string, number>(3);
  for (const key of ["a", "b", "c"]) expect(watched.ask(key)).toEqual({ value: undefined, isNew: true });
  expect(watched.learn("a", 1)).toBe(true);
  expect(watched.learn("a", 1)).toBe(false);
  expect(watched.ask("a")).toEqual({ value: 1, isNew: false });
  watched.ask("d");
  expect(watched.keys()).toEqual(["c", "a", "d"]);
  expect(watched.learn("b", 2)).toBe(false);
  expect(watched.known()).toEqual([["a", 1]]);
});
