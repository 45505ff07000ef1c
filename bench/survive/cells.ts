import { type Contender, contenders } from "./contenders.ts";
import { type FaultName, faults } from "./faults.ts";
import { failings, isMeant, type Options } from "./options.ts";

/** One contender under one fault of so many of ten. */
export interface Cell {
  readonly contender: Contender;
  readonly fault: FaultName;
  readonly failing: number;
  /** Requests begun in the ten seconds after a fault that are wanted, over all blackouts. */
  readonly goal: number;
}

export function cellsFor({ quick, only }: Options): Cell[] {
  const chosen: Cell[] = [];
  for (const failing of quick ? [3] : failings) {
    for (const fault of faults) {
      for (const contender of quick ? contenders.slice(0, 1) : contenders) {
        const meant = isMeant(only, [
          [contender.name, contenders.map(({ name }) => name)],
          [fault, faults],
          [`${failing}of10`, failings.map((each) => `${each}of10`)],
        ]);
        const goal = quick ? 1 : contender.name === "holdfast" && failing === 3 ? goalMain : goalElse;
        if (meant) chosen.push({ contender, fault, failing, goal });
      }
    }
  }
  return chosen;
}

/** The promise needs so many that one failure in two thousand shows; elsewhere one in a hundred is told from none. */
const goalMain = 6_000;
const goalElse = 500;
