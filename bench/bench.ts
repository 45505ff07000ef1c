import { cpuSpent, load, othersSince, thisMachine, untilQuiet } from "./machine.ts";
import { acceptance } from "./measure/acceptance.ts";
import { memory } from "./measure/memory.ts";
import { speed } from "./measure/speed.ts";
import { switchGap } from "./measure/switch-gap.ts";
import { warmStart } from "./measure/warm-start.ts";
import { witnessCost } from "./measure/witness-cost.ts";
import type { Measurement } from "./measurement.ts";
import { type Options, readOptions, usage } from "./options.ts";
import { report } from "./report.ts";
import { asJson, keep, type Result } from "./results.ts";

const measurements = [warmStart, speed, witnessCost, acceptance, memory, switchGap];
const names = measurements.map(({ name }) => name);
const say = (line: string) => console.error(line);

/** Measures what is asked for, keeps it, and prints it. Throws what a measurement throws; those before it are kept. */
export async function bench(args: readonly string[]): Promise<void> {
  const options = readOptions(args, names);
  if (options === "help") return console.log(usage + names.join(", "));
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
  const [at, begun, before, spent] = [new Date().toISOString(), performance.now(), load(), cpuSpent()];
  const outcome = await run({
    ...{ quick, seed, resume, kills: options.kills ?? (quick ? 4 : 300) },
    say: (line) => say(`${name}: ${line}`),
  });
  const tookS = (performance.now() - begun) / 1000;
  const othersPercent = othersSince(spent);
  return {
    name,
    method,
    seed,
    at,
    tookS,
    load: [before, load()],
    othersPercent,
    machine: thisMachine(),
    ...outcome,
  };
}
