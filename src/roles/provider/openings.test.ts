import { expect, test } from "vitest";
import { createDisk } from "../../../test/rigs/disk.ts";
import type { JobId } from "../../domain/ids.ts";
import { createOpenings } from "./openings.ts";

const job = "ab".repeat(32) as JobId;

test("what was opened is known after a restart, until nobody can ask for it again", () => {
  const store = createDisk();
  const at = (wall: number) => createOpenings({ store, clock: { wall: () => wall } });
  at(0).put({ job, epoch: 300 }, "one", 1_000);
  at(0).put({ job, epoch: 600 }, "two", 2_000);
  const known = (wall: number) => [300, 600, 900].map((epoch) => at(wall).at({ job, epoch }));
  expect(known(1_000)).toEqual(["one", "two", undefined]);
  expect(known(1_001)).toEqual([undefined, "two", undefined]);
  expect(known(2_001)).toEqual([undefined, undefined, undefined]);
});
