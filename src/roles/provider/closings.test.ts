import { expect, test } from "vitest";
import { createDisk } from "../../../test/rigs/disk.ts";
import type { JobId } from "../../domain/ids.ts";
import { createKeptClosings } from "./closings.ts";

const job = "ab".repeat(32) as JobId;
const drawn = (epoch: number) => ({ kind: "drawn", epoch, block: epoch + 9 }) as const;

test("what was closed is known after a restart, until nobody can ask for it again", () => {
  const store = createDisk();
  const at = (wall: number, until = 0) =>
    createKeptClosings({ store, clock: { wall: () => wall } }).of(job, until);
  at(0, 1_000).put(drawn(300), "one");
  at(0, 2_000).put(drawn(600), "two");
  const known = (wall: number) => [300, 600, 900].map((epoch) => at(wall).at(drawn(epoch)));
  expect(known(1_000)).toEqual(["one", "two", undefined]);
  expect(known(1_001)).toEqual([undefined, "two", undefined]);
  expect(known(2_001)).toEqual([undefined, undefined, undefined]);
});
