import { expect, test } from "vitest";
import { leafOf } from "../../domain/verification/leaf.ts";
import { createTrail } from "./trail.ts";

const seen = (seed: number) =>
  Array.from({ length: 64 }, (_, at) => ({ id: (seed * 64 + at) % 4096, logit: 9 - at / 7 - seed / 512 }));

test("a trail gives back what was seen, however long the answer, and forgets what was dropped", () => {
  const trail = createTrail();
  for (let position = 0; position < 300; position += 1) trail.note(position, seen(position));
  expect(trail.leaves(300)).toEqual(Array.from({ length: 300 }, (_, position) => leafOf(seen(position))));
  trail.keep(200);
  expect(trail.leaves(201)).toBeUndefined();
  trail.note(200, seen(7));
  expect(trail.leaves(201)?.[200]).toEqual(leafOf(seen(7)));
});

test("a position that was not seen, or where there were no numbers, leaves nothing to say about what follows", () => {
  const trail = createTrail();
  trail.note(0, seen(0));
  trail.note(1, [{ id: 3, logit: Number.NaN }]);
  trail.note(2, seen(2));
  expect(trail.leaves(1)).toHaveLength(1);
  expect(trail.leaves(2)).toBeUndefined();
});
