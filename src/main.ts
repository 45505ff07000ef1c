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
// Whoever reads the output may leave first (a killed npm, `| head`); that is no reason to stop out of order. But what was
// to be written and could not be (a full disk) was not done.
process.stderr.on("error", () => {});
process.stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
  if (code === "EPIPE") return;
  process.stderr.write(`What was to be said could not be written: ${message}\n`);
  process.on("exit", (ended) => {
    if (ended === 0) process.exitCode = 3;
  });
});
// Whatever nobody expected still ends as an explanation and an exit code.
process.on("uncaughtException", fail);
process.on("unhandledRejection", fail);

try {
  await createProgram().parseAsync();
} catch (error) {
  fail(error);
}
