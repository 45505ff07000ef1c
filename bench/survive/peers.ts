import { spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where the peers are installed: a cache, in no way part of the project. */
const folder = join(import.meta.dirname, "../../node_modules/.cache/holdfast-peers");

/** Versions measured. Portkey's own dependency range brings a server with which no stream works. */
export const versions = { portkey: "1.15.2", litellm: "1.106.2" } as const;

/** Installs Portkey's gateway from npm, once; returns the script to run. */
export async function portkeyScript(): Promise<string> {
  const home = join(folder, `portkey-${versions.portkey}`);
  const script = join(home, "node_modules/@portkey-ai/gateway/build/start-server.js");
  await once(home, script, async () => {
    const manifest = {
      private: true,
      dependencies: { "@portkey-ai/gateway": versions.portkey },
      overrides: { "@hono/node-server": "1.11.1" },
    };
    writeFileSync(join(home, "package.json"), JSON.stringify(manifest));
    await run("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts"], home);
  });
  return script;
}

/** Installs LiteLLM's proxy from PyPI into a virtual environment, once; returns the program to run. */
export async function litellmProgram(): Promise<string> {
  const home = join(folder, `litellm-${versions.litellm}`);
  const program = join(home, "bin/litellm");
  await once(home, program, async () => {
    await run("python3", ["-m", "venv", home], folder);
    const wanted = `litellm[proxy]==${versions.litellm}`;
    await run(join(home, "bin/pip"), ["install", "--quiet", "--disable-pip-version-check", wanted], home);
  });
  return program;
}

/** A folder that was left half-made is made again. */
async function once(home: string, made: string, make: () => Promise<void>): Promise<void> {
  const mark = join(home, "installed");
  if (existsSync(made) && existsSync(mark)) return;
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  await make();
  writeFileSync(mark, "");
}

function run(file: string, args: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, stdio: ["ignore", "ignore", "inherit"] });
    child.once("error", reject);
    child.once("exit", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${file} ${args[0]} ended with ${code}`));
    });
  });
}
