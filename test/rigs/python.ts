import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../../src/adapters/models/cache-folder.ts";

const run = promisify(execFile);

/** A Python with these packages, of its own, so that nothing is installed into the machine's. Made once and kept. */
export async function pythonWith(...packages: readonly string[]): Promise<string> {
  const folder = join(cacheFolder(process.env), "altered");
  const name = `python-${createHash("sha256").update(packages.join(" ")).digest("hex").slice(0, 8)}`;
  const ready = join(folder, name, "bin", "python");
  if (existsSync(ready)) return ready;
  mkdirSync(folder, { recursive: true });
  const draft = join(folder, `${name}.${process.pid}`);
  await run("python3", ["-m", "venv", draft]);
  await run(join(draft, "bin", "python"), ["-m", "pip", "install", "--quiet", ...packages]);
  if (!existsSync(ready)) renameSync(draft, join(folder, name));
  return ready;
}
