import { calibrationFrom, type RecordedSeries } from "../../src/commands/calibrate/calibration.ts";
import { honestSeries } from "../../src/commands/calibrate/profiles.ts";
import type { ModelId } from "../../src/domain/ids.ts";
import type { Tolerances } from "../../src/domain/verification/tolerance.ts";
import { tolerancesOf } from "../../src/protocol/calibration.ts";
import { defaultModelFile } from "../default-engine.ts";
import { thisMachine } from "../machine.ts";
import { detectExecutor, detectFalseWitnesses, together } from "./detection.ts";
import { runJobs } from "./jobs.ts";
import { cheatReadings, heldReadings, honestReadings } from "./readings.ts";
import { type RecordedCheat, recorded } from "./recordings.ts";
import { detectOverSeveral } from "./several.ts";
import { swapsSeen } from "./swaps.ts";

/** Cheats that one answer does not show: what they come to over several, and what is promised of them, stands apart. */
const shownOverSeveral: readonly RecordedCheat[] = ["eight-bit-cache", "eight-bit"];

interface Asked {
  readonly folder: string;
  readonly names: readonly RecordedCheat[];
  readonly jobs: number;
  readonly seed: number;
}

export type Judged = Awaited<ReturnType<typeof judged>>;

/** Everything that recordings tell. */
export async function judged({ folder, names, jobs, seed }: Asked) {
  const { id: model } = await defaultModelFile();
  const all = honestSeries()
    .map(({ name }) => ({ series: name, ...recorded(folder, name) }))
    .filter(({ seen }) => seen.length > 0);
  const texts = all.filter(({ said }) => said[0]!.sampling.schema === undefined);
  const calibration = calibrationFrom(all, { model, madeAt: new Date().toISOString() });
  const tolerances = tolerancesOf(calibration.pairs);
  const honest = all.map((each) => detectExecutor(each.series, heldReadings(each), tolerances));
  const strange = all.map((each) => {
    const others = withoutProfilesOf(all, each, model);
    return detectExecutor(each.series, heldReadings(each), others);
  });
  const cheats = names.map((name) => detectExecutor(name, cheatReadings(folder, name), tolerances));
  const pool = {
    ...{ jobs, seed, tolerances, honest: honestReadings(folder) },
    cheating: new Map(
      names
        .filter((name) => !shownOverSeveral.includes(name))
        .map((name) => [name, cheatReadings(folder, name)]),
    ),
  };
  return {
    ...{ at: new Date().toISOString(), seed, machine: thisMachine() },
    honest: { bySeries: honest, all: together("all", honest) },
    profilesHeldOut: { bySeries: strange, all: together("all", strange) },
    cheats: [...cheats, ...detectFalseWitnesses(pool.honest, tolerances)],
    several: [
      ...texts.map((each) => detectOverSeveral(`honest: ${each.series}`, heldReadings(each), tolerances)),
      ...shownOverSeveral
        .filter((name) => names.includes(name))
        .map((name) => detectOverSeveral(name, cheatReadings(folder, name), tolerances)),
    ],
    swaps: [true, false].flatMap((alike) => swapsSeen(pool.honest, tolerances, alike)),
    jobs: [false, true].map((colluding) => runJobs({ ...pool, colluding })),
    calibration,
  };
}

/** The pooled bounds of those series in which neither speaker nor witness had this one's foreign profile. */
function withoutProfilesOf(all: readonly RecordedSeries[], held: RecordedSeries, model: ModelId): Tolerances {
  const foreign = (one: RecordedSeries) => [one.said[0]!.profile, one.seen[0]!.profile].sort().join();
  const rest = all.filter((one) => foreign(one) !== foreign(held));
  const { pairs } = calibrationFrom(rest, { model, madeAt: "" });
  return tolerancesOf(pairs.slice(-1));
}
