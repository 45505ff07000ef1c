import { exitCode, HoldfastError } from "../protocol/errors.ts";
import { parseCommand } from "./command.ts";
import { commitOf } from "./commit.ts";
import { detectorsReport } from "./detectors/table.ts";
import { round } from "./figures.ts";
import { helpText } from "./help.ts";
import { measureRouting } from "./routing-cost.ts";
import { simulate, type Watch } from "./simulate.ts";
import { tableOf } from "./table.ts";

/** `npm run simulate`: one seeded run of the large simulator, its figures as a table or as one JSON line. */

const secondsBetweenWords = 5;
let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    // The first asks for an end in good order, the second needs none.
    if (interrupted) process.exit(130);
    interrupted = true;
  });
}

// Whoever reads the output may leave first (`| head`).
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
  process.exitCode = code === "EPIPE" ? process.exitCode : 3;
});

try {
  const command = parseCommand(process.argv.slice(2));
  if (command === "help") process.stdout.write(helpText);
  else if (command === "detectors") process.stdout.write(detectorsReport(1));
  else if (command === "routing-cost") {
    const costs = await measureRouting([100, 10_000], () => performance.now());
    const ratio = round(costs[1]!.p50 / costs[0]!.p50, 2);
    process.stdout.write(`${JSON.stringify({ commit: commitOf(), microseconds: costs, ratio })}\n`);
  } else {
    const begun = performance.now();
    const result = await simulate(command, progress(begun));
    const wallMs = performance.now() - begun;
    const facts = {
      ...{ seed: command.seed, commit: commitOf(), scenario: command.scenario, fault: command.fault },
      ...{ share: command.share, nodes: command.nodes, gateways: command.gateways },
      ...result,
      ...{ violations: result.violations.slice(0, 20), violationsTotal: result.violations.length },
      ...{ wallMs: Math.round(wallMs), eventsPerSecond: Math.round(result.events / (wallMs / 1000)) },
    };
    process.stdout.write(command.json ? `${JSON.stringify(facts)}\n` : `${tableOf(facts)}\n`);
    if (interrupted) process.exitCode = 130;
    else if (result.violations.length > 0) process.exitCode = 1;
  }
} catch (error) {
  if (!(error instanceof HoldfastError)) throw error;
  process.stderr.write(`${error.explain()}\n`);
  process.exitCode = exitCode[error.fault];
}

/** A word on standard error every few seconds, and the way out on Ctrl-C. */
function progress(begun: number): Watch {
  let saidAt = begun;
  let told = false;
  return ({ answered, requests, world }) => {
    const now = performance.now();
    if (now - saidAt > secondsBetweenWords * 1000) {
      saidAt = now;
      const simulated = round(world.timeline.now() / 1000, 1);
      const events = Math.round(world.timeline.events() / ((now - begun) / 1000));
      process.stderr.write(
        `${answered} of ${requests} answered, ${simulated} s simulated, ${events} events/s\n`,
      );
    }
    if (interrupted && !told) process.stderr.write(`stopped: ${answered} of ${requests} were answered\n`);
    told = interrupted;
    return interrupted;
  };
}
