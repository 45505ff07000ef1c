import { expect, test } from "vitest";
import { hasRoom, slotsAfterAnswer, slotsAfterRefusal } from "./seats.ts";

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

test("a server's seats are found out by what it turns away, and by what it then takes", () => {
  const seats = 6;
  let slots = Number.POSITIVE_INFINITY;
  // Ten come at once; each that is turned away leaves the others at work.
  for (let running = 9; running >= seats; running--) slots = slotsAfterRefusal(slots, running);
  expect(slots).toBe(seats);
  for (let answer = 0; answer < 3 * seats; answer++) slots = slotsAfterAnswer(slots, 2);
  expect(slots, "what is not used shows nothing").toBe(seats);
  for (let answer = 0; answer < 5 * seats; answer++) slots = slotsAfterAnswer(slots, seats - 1);
  expect(Math.floor(slots)).toBe(seats + 1);
  expect(slotsAfterRefusal(slots, 0), "one seat is always tried").toBe(1);
});
