/**
 * The command line. Each command's code is loaded when it is called, so that help is quick and a plain gateway never
 * loads the network, the chain or a model.
 */
import { enableCompileCache } from "node:module";

enableCompileCache();
const { createProgram } = await import("./commands/program.ts");
const { fail } = await import("./commands/fail.ts");

// Node 22 warns of its SQLite being new at every start; whoever runs Holdfast can do nothing about that.
const warn = process.emitWarning as (warning: string | Error, ...rest: unknown[]) => void;
process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
  if (!String(warning).startsWith("SQLite is an experimental")) warn.call(process, warning, ...rest);
};
// Whoever reads the output may leave first (a killed npm, `| head`); that is no reason to stop out of order.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
// Whatever nobody expected still ends as an explanation and an exit code.
process.on("uncaughtException", fail);
process.on("unhandledRejection", fail);

try {
  await createProgram().parseAsync();
} catch (error) {
  fail(error);
}
