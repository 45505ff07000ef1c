import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { mayLeave } from "./processes.ts";

const root = join(import.meta.dirname, "..");

/**
 * The program bundled as `npm start` runs it, in a folder of this run's own: sources that change meanwhile change
 * nothing that is measured.
 */
export async function bundledProgram(): Promise<string> {
  // Inside node_modules, where what is not bundled is found.
  const folder = mkdtempSync(join(root, "node_modules", ".holdfast-bench-"));
  mayLeave(folder);
  const code = await run(process.execPath, [join(root, "scripts/bundle.mjs"), folder]);
  if (code !== 0) throw new Error(`the program could not be bundled (exit code ${code})`);
  return join(folder, "main.js");
}

function run(file: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
    child.once("error", reject).once("exit", (code) => resolve(code ?? 1));
  });
}
