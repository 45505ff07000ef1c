import { expect, test } from "vitest";
import type { ModelId, PeerId } from "../ids.ts";
import { paceAfter, paceUnknown } from "../inference/pace.ts";
import { createPaces } from "./pace.ts";

const [peer, model] = ["peer" as PeerId, "model" as ModelId];
const job = (times: number) => paceAfter(paceUnknown, { ready: 5 * times, read: times, first: 20 * times });

test("whoever was slow a moment ago counts as slow, and soon as unknown again", () => {
  const paces = createPaces();
  expect(paces.firstContentMs(peer, model, 0)).toBeUndefined();
  paces.learn(peer, model, job(10), 0);
  expect(paces.firstContentMs(peer, model, 1_000)).toBe(50 + 640 + 200);
  expect(paces.firstContentMs(peer, model, 6_000)).toBeUndefined();
  paces.learn(peer, model, job(1), 6_000);
  expect(paces.firstContentMs(peer, model, 6_000), "as it is now").toBe(5 + 64 + 20);
  expect(paces.of(peer, model).read.heard, "its rhythm is kept").toBe(2);
});

test("a job in which it did not even read says nothing of that, and is remembered all the same", () => {
  const paces = createPaces();
  paces.learn(peer, model, paceAfter(paceUnknown, { ready: 7 }), 0);
  expect(paces.of(peer, model).ready.intervalMs).toBe(7);
  expect(paces.firstContentMs(peer, model, 0)).toBeUndefined();
  paces.forget(peer);
  expect(paces.of(peer, model)).toBe(paceUnknown);
});
