import { spawn } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

/** The program as `npm start` runs it: bundled, made anew when a source changed. */
export async function bundledProgram(say: (line: string) => void): Promise<string> {
  // By a name the compiler does not follow: the bootstrap is plain JavaScript that runs before anything is installed.
  const file: string = join(root, "scripts/bootstrap/bundle.mjs");
  const { bundle } = await import(file);
  return bundle({ root, run, say, node: process.execPath });
}

function run(file: string, args: readonly string[], options: { cwd?: string }): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...options, stdio: ["ignore", "ignore", "inherit"] });
    child.once("error", reject).once("exit", (code) => resolve(code ?? 1));
  });
}
