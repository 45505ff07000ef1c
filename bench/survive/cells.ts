import { type Fault, faults } from "../../src/commands/chaos/fault.ts";
import { contenders } from "./contenders.ts";
import { curveFailings, failings, isMeant, type Options } from "./options.ts";
import { simulatedNodes } from "./simulated.ts";
import type { Contender } from "./stage.ts";

/** One contender under one fault of so many of ten. */
export interface Cell {
  readonly contender: Contender;
  readonly fault: Fault;
  readonly failing: number;
  /** Requests alive in the ten seconds after a fault that are wanted, over all blackouts. */
  readonly goal: number;
}

export function cellsFor({ quick, only }: Options): Cell[] {
  const cells = curveFailings.flatMap((failing) =>
    faults.flatMap((fault) =>
      contenders
        .filter((contender) => contender.faults.includes(fault) && isAsked(contender, fault, failing))
        .map((contender) => ({ contender, fault, failing, goal: goalOf(contender, fault, failing) })),
    ),
  );
  // Of the quick run's two minutes, starting a network for each fault would take four.
  if (quick)
    return cells
      .filter(({ contender, failing }) => contender === contenders[0] && failing === 3)
      .map((cell) => ({ ...cell, goal: 1 }));
  return cells.filter(({ contender, fault, failing }) =>
    isMeant(only, [
      [contender.name, contenders.map(({ name }) => name)],
      [fault, faults],
      [`${failing}of10`, curveFailings.map((each) => `${each}of10`)],
      [isOnCurve(contender, fault) ? "curve" : "", ["curve"]],
    ]),
  );
}

/** The shares between are asked of Holdfast alone, by one fault. */
function isAsked(contender: Contender, fault: Fault, failing: number): boolean {
  return failings.some((each) => each === failing) || isOnCurve(contender, fault);
}

export function isOnCurve({ name }: { readonly name: string }, fault: string): boolean {
  return fault === "kill" && (name.startsWith("holdfast") || name === simulatedNodes.name);
}

/** The simulator's prediction is of as many blackouts as what it is compared with: fewer have no 99th percentile. */
function goalOf({ name }: Contender, fault: Fault, failing: number): number {
  const isOurs = name.startsWith("holdfast") || name === simulatedNodes.name;
  const isMain = isOurs && failing === 3 && fault !== "collude";
  return isMain ? goalMain : goalElse;
}

/** The promise needs so many that one failure in two thousand shows; elsewhere one in a hundred is told from none. */
const goalMain = 6_000;
const goalElse = 500;
