import { expect, test } from "vitest";
import { createDisk } from "../../../test/rigs/disk.ts";
import type { JobId } from "../../domain/ids.ts";
import { limits } from "../../protocol/limits.ts";
import { createClosings, createKeptClosings } from "./closings.ts";

const job = "ab".repeat(32) as JobId;
const drawn = (epoch: number) => ({ kind: "drawn", epoch, block: epoch + 9 }) as const;

test("what was closed or opened is known after a restart, until nobody can ask for it again", () => {
  const store = createDisk();
  const at = (wall: number, until = 0) =>
    createKeptClosings({ store, clock: { wall: () => wall } }).of(job, until);
  at(0, 1_000).opened(drawn(300), "one");
  at(0, 2_000).opened(drawn(600), "two");
  at(0, 2_000).put(drawn(900), "three");
  const known = (wall: number) => [300, 600, 900].map((epoch) => at(wall).at(drawn(epoch))?.sets.join());
  expect(known(1_000)).toEqual(["one", "two", "three"]);
  expect(known(1_001)).toEqual([undefined, "two", "three"]);
  expect(known(2_001)).toEqual([undefined, undefined, undefined]);
});

test("of long ago a few may be closed and one is opened; of an answer at work the first binds, in every epoch", () => {
  const kept = createKeptClosings({ store: createDisk(), clock: { wall: () => 0 } }).of(job, 1_000);
  for (const set of ["one", "two", "one"]) kept.put(drawn(300), set);
  expect(kept.at(drawn(300))).toEqual({ sets: ["one", "two"], isBinding: false });
  kept.opened(drawn(300), "one");
  expect(kept.at(drawn(300))).toEqual({ sets: ["one"], isBinding: true });
  for (let count = 0; count < 9; count += 1) kept.put(drawn(600), `set ${count}`.replace(" ", "-"));
  expect(kept.at(drawn(600))).toMatchObject({ sets: { length: limits.setsClosedMax }, isBinding: true });
  const live = createClosings();
  live.put(drawn(300), "one");
  expect(live.at(drawn(600))).toEqual({ sets: ["one"], isBinding: true });
});
