import { expect, test } from "vitest";
import { createTurns } from "./turns.ts";

test("calls are made one after the other, whatever becomes of them", async () => {
  const turns = createTurns(() => {});
  const said: string[] = [];
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const first = turns.take(async () => {
    await gate;
    said.push("first");
    throw new Error("broken");
  });
  const second = turns.take(async () => said.push("second"));
  open();
  await expect(first).rejects.toThrow("broken");
  await second;
  expect(said).toEqual(["first", "second"]);
});

test("what is running ends before the release, what waits is refused, and the release comes once", async () => {
  const said: string[] = [];
  const { promise: released, resolve } = Promise.withResolvers<void>();
  const turns = createTurns(() => {
    said.push("released");
    resolve();
  });
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const running = turns.take(async () => {
    await gate;
    said.push("done");
  });
  await Promise.resolve();
  const waiting = turns.take(async () => said.push("never"));
  turns.close();
  turns.close();
  open();
  await running;
  await expect(waiting).rejects.toMatchObject({ code: "closed" });
  await released;
  expect(said).toEqual(["done", "released"]);
});
