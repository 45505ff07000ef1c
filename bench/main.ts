/** `npm run bench`: what the main job costs and how well it holds, measured on real networks on this machine. */
import { runToEnd } from "./processes.ts";
import { bundledProgram } from "./program.ts";

await runToEnd(async () => {
  // Before anything is loaded that starts a network: the rigs look at it once.
  process.env["HOLDFAST_MAIN"] ??= await bundledProgram();
  const { bench } = await import("./bench.ts");
  await bench(process.argv.slice(2));
});
