import { expect, test } from "vitest";
import { askedTogether } from "./asked-together.ts";

test("many who ask at once get one answer, asked for after they asked; and one that failed ends nothing", async () => {
  const waiting: Array<PromiseWithResolvers<number>> = [];
  const ask = askedTogether(() => {
    waiting.push(Promise.withResolvers<number>());
    return waiting.at(-1)!.promise;
  });
  const first = ask();
  const others = [ask(), ask(), ask()];
  expect(waiting.length).toBe(1);
  waiting[0]!.resolve(1);
  expect(await first).toBe(1);
  await Promise.resolve();
  expect(waiting.length).toBe(2);
  const last = ask();
  waiting[1]!.reject(new Error("away"));
  for (const other of others) await expect(other).rejects.toThrow("away");
  while (waiting.length < 3) await Promise.resolve();
  waiting[2]!.resolve(3);
  expect(await last).toBe(3);
});
