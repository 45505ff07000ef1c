import { expect, test } from "vitest";
import type { Address } from "../ids.ts";
import type { DrawnAnswer } from "./drawn-answer.ts";
import { drawnDoubts } from "./drawn-report.ts";
import type { Receipt } from "./receipt.ts";

const receiptFor = (witnesses: number) => ({ drawn: { witnesses } as DrawnAnswer }) as Receipt;
const standing = (count: number) => ({
  members: Array.from({ length: 1 + count }, (_, at) => ({
    node: `0x${at}` as Address,
    ...(at > 0 && ({ stands: "for" } as const)),
  })),
});

test("a quorum is of the witnesses that were drawn for, not of those that a gateway sat down", () => {
  expect(drawnDoubts(receiptFor(1), standing(1))).toEqual([]);
  expect(drawnDoubts(receiptFor(8), standing(6))).toEqual([]);
  expect(drawnDoubts(receiptFor(8), standing(1))).toEqual([expect.stringMatching(/^fewer-than-drawn: 1 /)]);
  expect(drawnDoubts({} as Receipt, standing(0))).toEqual([]);
});
