import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { cleanEnvironment } from "../../test/rigs/command.ts";
import { guarded, mayLeave } from "../processes.ts";
import { bundledProgram } from "../program.ts";
import { end, type Server } from "./server.ts";

let program: Promise<string> | undefined;

/** Makes the bundle, once: no part of a start that is measured. */
export function prepared(): Promise<string> {
  program ??= bundledProgram();
  return program;
}

/** The gateway from the bundle that `npm start` runs, with the command a user types and all settings at their defaults. */
export async function startHoldfast(
  upstreams: readonly string[],
): Promise<Server & { readonly url: string }> {
  const home = mkdtempSync(join(tmpdir(), "holdfast-survive-"));
  mayLeave(home);
  const flags = upstreams.flatMap((url) => ["--upstream", url]);
  const args = [await prepared(), "gateway", "--port", "0", "--home", home, "--json", ...flags];
  const child = spawn(process.execPath, args, {
    env: cleanEnvironment(),
    stdio: ["ignore", "pipe", "ignore"],
  });
  guarded(child.pid!);
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("exit", (code, signal) => reject(new Error(`the gateway ended (${signal ?? code})`)));
  });
  return {
    url: (JSON.parse(line) as { url: string }).url,
    pid: child.pid!,
    async stop() {
      await end(child);
      rmSync(home, { recursive: true, force: true });
    },
  };
}
