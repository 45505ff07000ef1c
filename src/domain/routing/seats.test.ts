import { expect, test } from "vitest";
import { hasRoom } from "./seats.ts";

const free = { running: 1, slots: 2 };
const full = { running: 2, slots: 2 };

test("a job has room when as many providers as it wants have a free seat", () => {
  expect(hasRoom([free, free, full], 2)).toBe(true);
  expect(hasRoom([free, full, full], 2)).toBe(false);
});

test("where there are fewer providers than it wants, all of them must have one", () => {
  expect(hasRoom([free, free], 3)).toBe(true);
  expect(hasRoom([free, full], 3)).toBe(false);
  expect(hasRoom([], 1)).toBe(false);
});
