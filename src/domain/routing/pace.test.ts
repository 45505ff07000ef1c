import { expect, test } from "vitest";
import { paceAfter, paceUnknown } from "../inference/pace.ts";
import { firstContentMs, paceLearnt, paceUnkept } from "./pace.ts";

const job = (times: number) => paceAfter(paceUnknown, { ready: 5 * times, read: times, first: 20 * times });

test("whoever was slow a moment ago counts as slow, and soon as unknown again", () => {
  expect(firstContentMs(paceUnkept, 0)).toBeUndefined();
  const slow = paceLearnt(paceUnkept, job(10), 0);
  expect(firstContentMs(slow, 1_000)).toBe(50 + 640 + 200);
  expect(firstContentMs(slow, 6_000)).toBeUndefined();
  const quick = paceLearnt(slow, job(1), 6_000);
  expect(firstContentMs(quick, 6_000), "as it is now").toBe(5 + 64 + 20);
  expect(quick.pace.read.heard, "its rhythm is kept").toBe(2);
});

test("a job in which it did not even read says nothing of that, and is remembered all the same", () => {
  const kept = paceLearnt(paceUnkept, paceAfter(paceUnknown, { ready: 7 }), 0);
  expect(kept.pace.ready.intervalMs).toBe(7);
  expect(firstContentMs(kept, 0)).toBeUndefined();
});
