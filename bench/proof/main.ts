/** `npm run bench:proof`: how often each cheat is caught, and no honest answer, from recorded answers of a real model. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cacheFolder } from "../../src/adapters/models/cache-folder.ts";
import { calibrationFrom } from "../../src/commands/calibrate/calibration.ts";
import { honestSeries } from "../../src/commands/calibrate/profiles.ts";
import { table } from "../../src/commands/table.ts";
import { tolerancesOf } from "../../src/protocol/calibration.ts";
import { defaultModelFile } from "../default-engine.ts";
import { load, thisMachine } from "../machine.ts";
import { whole } from "../options.ts";
import { runToEnd } from "../processes.ts";
import { asJson } from "../results.ts";
import { type Detection, detectExecutor, detectFalseWitnesses } from "./detection.ts";
import { recordCheat, recorded, recordedCheats } from "./recordings.ts";
import { ship } from "./ship.ts";

const usage = `npm run bench:proof -- [options]

Replays recorded answers through commit, reveal and ruling. Bounds are fitted to one half of the honest answers and
everything is judged by them, the honest ones on their other half. Cheating answers that are not recorded yet are recorded
first; honest ones are recorded by \`holdfast calibrate --traces FOLDER\`.

  --answers N      of each cheat (default 40)
  --traces FOLDER  where recordings are (default: proof-traces in the model cache)
  --only NAME      this cheat; may be repeated
  --record-only    judge nothing yet
  --ship FILE      only write this calibration's bounds into the program
  --json           the result as JSON instead of the table
  --help
`;

const method =
  "Recorded with a real model: every answer said by its executor and read by an honest witness of the profile named (chunks of 8). Replayed with fresh keys through commit, reveal and ruling, that witness sitting in two seats. Convicted: verdict invalid (of a false witness: it alone is an outlier beside two honest ones). Intervals: Clopper-Pearson, 95 %. Bounds fitted on even questions, honest answers judged on odd ones; no subject is in both halves.";

await runToEnd(async () => {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    options: {
      ...{ json: flag, help: flag, "record-only": flag },
      ...{ answers: text, traces: text, ship: text, only: { ...text, multiple: true } },
    },
  });
  if (values.help) return console.log(usage);
  if (values.ship !== undefined) return ship(values.ship);
  const folder = values.traces ?? join(cacheFolder(process.env), "proof-traces");
  const answers = whole("answers", values.answers) ?? 40;
  const say = (line: string) => console.error(line);
  const meant = recordedCheats.filter((name) => values.only === undefined || values.only.includes(name));
  for (const name of meant) await recordCheat(name, { folder, answers, tokens: 96, say });
  if (values["record-only"]) return;
  const result = await judged(folder, meant);
  if (values.only === undefined) keep(result);
  if (values.json) return console.log(asJson(result));
  const rows = [...result.honest, ...result.cheats].map(row);
  console.log(table([["answers", "≥ 64 tokens", "convicted", "inconclusive", "share", "95 %"], ...rows]));
});

async function judged(folder: string, names: readonly (typeof recordedCheats)[number][]) {
  const { id: model } = await defaultModelFile();
  const series = honestSeries().map(({ name }) => ({ series: name, ...recorded(folder, name) }));
  const all = series.filter(({ seen }) => seen.length > 0);
  const calibration = calibrationFrom(all, { model, madeAt: new Date().toISOString() });
  const tolerances = tolerancesOf(calibration.pairs);
  const held = all.map(({ series, said, seen }) => ({
    series,
    said: said.filter(({ index }) => index % 2 === 1),
    seen: seen.filter(({ index }) => index % 2 === 1),
  }));
  const honest = held.map(({ series, ...traces }) => detectExecutor(`honest: ${series}`, traces, tolerances));
  const cheats = [
    ...names.map((name) => detectExecutor(name, recorded(folder, `cheat-${name}`), tolerances)),
    ...detectFalseWitnesses(held[0] ?? { said: [], seen: [] }, tolerances),
  ];
  return {
    method,
    at: new Date().toISOString(),
    load: load(),
    machine: thisMachine(),
    honest,
    cheats,
    calibration,
  };
}

function row({ name, answers, convicted, inconclusive, share, from, to }: Detection): string[] {
  const percent = (part: number) => `${(100 * part).toFixed(1)} %`;
  const range = `${percent(from)} – ${percent(to)}`;
  return [name, String(answers), String(convicted), String(inconclusive), percent(share), range];
}

function keep(result: unknown): void {
  const results = join(import.meta.dirname, "../results");
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, "proof.json"), asJson(result));
}
