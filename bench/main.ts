/** `npm run bench`: what the main job costs and how well it holds, measured on real networks on this machine. */
import { endAll, endOnSignals } from "./processes.ts";
import { bundledProgram } from "./program.ts";

const ending = endOnSignals();
try {
  // Before anything is loaded that starts a network: the rigs look at it once.
  process.env["HOLDFAST_MAIN"] ??= await bundledProgram();
  const { bench } = await import("./bench.ts");
  await bench(process.argv.slice(2));
} catch (error) {
  if (!ending.aborted) console.error(error instanceof Error ? (error.stack ?? error.message) : error);
  process.exitCode = 1;
}
// On a signal, who took it ends us.
if (!ending.aborted) {
  await endAll();
  process.exit();
}
