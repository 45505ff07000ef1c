/** `npm run bench:proof`: how often each cheat is caught, and no honest answer, from recorded answers of a real model. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cacheFolder } from "../../src/adapters/models/cache-folder.ts";
import { honestSeries } from "../../src/commands/calibrate/profiles.ts";
import { whole } from "../options.ts";
import { runToEnd } from "../processes.ts";
import { asJson } from "../results.ts";
import { judged } from "./judged.ts";
import { readOnceMore, recordCheat, recordedCheats } from "./recordings.ts";
import { asText } from "./report.ts";
import { ship } from "./ship.ts";

const usage = `npm run bench:proof -- [options]

Replays recorded answers through commit, reveal and ruling. Bounds are fitted to one half of the honest answers and
everything is judged by them, the honest ones on their other half. Cheating answers that are not recorded yet are recorded
first; honest ones are recorded by \`holdfast calibrate --traces FOLDER\` (${honestSeries().length} pairs of profiles here).

  --answers N      of each cheat (default 60)
  --jobs N         before committees of a pool in which one in five cheats (default 2000)
  --traces FOLDER  where recordings are (default: proof-traces in the model cache)
  --only NAME      this cheat; may be repeated
  --seed N         of committees and of who cheats (default 1)
  --record-only    judge nothing yet
  --ship           also write the bounds into the program
  --json           the result as JSON instead of the table
  --help

Stopped at any time, it goes on where it was. 10,000 honest answers: holdfast calibrate --answers 1000 --traces FOLDER,
then this again.
`;

await runToEnd(async () => {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    options: {
      ...{ json: flag, help: flag, ship: flag, "record-only": flag },
      ...{ answers: text, jobs: text, seed: text, traces: text },
      only: { ...text, multiple: true },
    },
  });
  if (values.help) return console.log(usage);
  const folder = values.traces ?? join(cacheFolder(process.env), "proof-traces");
  const answers = whole("answers", values.answers) ?? 60;
  const say = (line: string) => console.error(line);
  const meant = recordedCheats.filter((name) => values.only === undefined || values.only.includes(name));
  for (const name of meant) await recordCheat(name, { folder, answers, tokens: 80, say });
  await readOnceMore({ folder, answers: Number.POSITIVE_INFINITY, tokens: 80, say });
  if (values["record-only"]) return;
  const jobs = whole("jobs", values.jobs) ?? 2000;
  const result = await judged({ folder, names: meant, jobs, seed: whole("seed", values.seed) ?? 1 });
  if (values.ship) ship(result.calibration);
  if (values.only === undefined) keep(result, asText(result));
  console.log(values.json ? asJson(result) : asText(result));
});

function keep(result: unknown, text: string): void {
  const results = join(import.meta.dirname, "../results");
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, "proof.json"), asJson(result));
  writeFileSync(join(results, "proof.md"), text);
}
