import { expect, test } from "vitest";
import { pooled } from "./pooling.ts";

const rows = [Float32Array.of(3, 0), Float32Array.of(0, 4), Float32Array.of(0, -5)];

test("a text's vector is the mean of its tokens', or the first, or the last, and of length 1", () => {
  expect([...pooled(rows.slice(0, 2), "mean")]).toEqual([Math.fround(0.6), Math.fround(0.8)]);
  expect([...pooled(rows, "first")]).toEqual([1, 0]);
  expect([...pooled(rows, "last")]).toEqual([0, -1]);
});

test("nothing stays nothing rather than becoming no number", () => {
  expect([...pooled([Float32Array.of(0, 0)], "mean")]).toEqual([0, 0]);
});
