import { expect, test } from "vitest";
import { createGuests } from "./guests.ts";

const options = { seats: 4, share: 0.75, rememberedMs: 60_000 };

test("a machine that is alone may have every seat; when another has asked, not again until it is long gone", () => {
  let now = 0;
  const guests = createGuests(options, () => now);
  const held = Array.from({ length: 6 }, () => guests.arrive("first"));
  expect(held).not.toContain(undefined);
  guests.arrive("second")!.leave();
  for (const each of held.slice(0, 3)) each!.leave();
  expect(guests.arrive("first"), "it holds three of four").toBeUndefined();
  held[3]!.leave();
  expect(guests.arrive("first")).toBeDefined();
  now += 60_001;
  expect(guests.arrive("first")).toBeDefined();
});

test("everybody may have one", () => {
  const guests = createGuests({ ...options, seats: 1 }, () => 0);
  expect(guests.arrive("first")).toBeDefined();
  expect(guests.arrive("second")).toBeDefined();
  expect(guests.arrive("second")).toBeUndefined();
});
