/** `npm run bench`: what the main job costs and how well it holds, measured on real networks on this machine. */
import { load, thisMachine, untilQuiet } from "./machine.ts";
import { acceptance } from "./measure/acceptance.ts";
import { memory } from "./measure/memory.ts";
import { speed } from "./measure/speed.ts";
import { switchGap } from "./measure/switch-gap.ts";
import { warmStart } from "./measure/warm-start.ts";
import { witnessCost } from "./measure/witness-cost.ts";
import type { Measurement } from "./measurement.ts";
import { type Options, readOptions, usage } from "./options.ts";
import { endAll, endOnSignals } from "./processes.ts";
import { report } from "./report.ts";
import { asJson, keep, type Result } from "./results.ts";

const measurements = [warmStart, speed, witnessCost, acceptance, memory, switchGap];
const names = measurements.map(({ name }) => name);
const say = (line: string) => console.error(line);

async function bench(options: Options): Promise<void> {
  const chosen = measurements.filter(({ name }) => options.only.length === 0 || options.only.includes(name));
  const results: Result[] = [];
  for (const measurement of chosen) {
    await untilQuiet(options.patienceS, say);
    const result = await measured(measurement, options);
    results.push(result);
    if (!options.quick) keep(result, names, report);
  }
  process.stdout.write(options.json ? asJson({ results }) : report(results));
}

async function measured({ name, method, run }: Measurement, options: Options): Promise<Result> {
  const { quick, seed, resume } = options;
  say(`${name}, load ${load()}`);
  const [at, begun, before] = [new Date().toISOString(), performance.now(), load()];
  const outcome = await run({
    ...{ quick, seed, resume, kills: options.kills ?? (quick ? 4 : 300) },
    say: (line) => say(`${name}: ${line}`),
  });
  const tookS = (performance.now() - begun) / 1000;
  return { name, method, seed, at, tookS, load: [before, load()], machine: thisMachine(), ...outcome };
}

endOnSignals();
try {
  const options = readOptions(process.argv.slice(2), names);
  if (options === "help") console.log(usage + names.join(", "));
  else await bench(options);
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 1;
}
await endAll();
process.exit();
