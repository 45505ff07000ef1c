import { expect, test } from "vitest";
import { prunedState } from "./anvil-blocks.ts";

const day = 24 * 60 * 60;

/** A chain of one block a minute; those named hold a transaction. */
function stateOf(count: number, busy: readonly number[] = []) {
  const blocks = Array.from({ length: count }, (_, number) => ({
    header: {
      number: `0x${number.toString(16)}`,
      timestamp: `0x${(60 * number).toString(16)}`,
      bloom: "0".repeat(1500),
    },
    transactions: busy.includes(number) ? [{}] : [],
  }));
  return Buffer.from(JSON.stringify({ block: {}, accounts: { a: 1 }, blocks }));
}

test("a small state is left as it is", () => {
  const state = stateOf(20);
  expect(prunedState(state, 100)).toBe(state);
});

test("of many blocks those stay that are new, hold a transaction, or draw or end an epoch within the thaw window", () => {
  const count = 10 * 24 * 60;
  const { blocks, accounts } = JSON.parse(Buffer.from(prunedState(stateOf(count, [17]), 50)).toString());
  const numbers = new Set(blocks.map(({ header }: { header: { number: string } }) => Number(header.number)));
  expect(accounts).toEqual({ a: 1 });
  for (const kept of [0, 17, count - 1, count - 50, 12_000, 11_999])
    expect(numbers, String(kept)).toContain(kept);
  for (const gone of [1, count - 52, 12_001, 300, 299]) expect(numbers, String(gone)).not.toContain(gone);
  const epochs = (7 * day) / 60 / 300;
  expect(numbers.size).toBeLessThan(50 + 2 * (epochs + 1) + 2);
});
