/**
 * What `npm start` and `npm test` run. Plain JavaScript without dependencies, for any Node ≥ 20: it is what makes the
 * rest possible. It installs when the lockfile changed, under the pinned Node 24 (npm picks optional packages by the
 * running Node, so an install under Node 20 silently lacks some), then hands over to that Node 24.
 *
 * Everything it has to say goes to stderr: stdout belongs to the command it runs.
 */
import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { watchAncestors } from "./bootstrap/ancestors.mjs";
import { bundle } from "./bootstrap/bundle.mjs";
import { checks } from "./bootstrap/checks.mjs";
import { install } from "./bootstrap/install.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const [command, ...args] = process.argv.slice(2);

/** Children under way, so that a signal or npm's death reaches them. */
const running = new Set();
/** The exit code of whoever was asked to stop: 128 and the signal's number. */
let stopped;

async function main() {
  if (command !== "start" && command !== "test") {
    say(`bootstrap: "${command ?? ""}" is not a command; npm runs it as "start" or "test"`);
    return 2;
  }
  const node = await install({ root, run, say });
  const env = {
    ...process.env,
    PATH: `${path.join(root, "node_modules", ".bin")}${path.delimiter}${process.env.PATH}`,
    // Every process of a network runs the same files; compiled once for all. Gone with node_modules, never stale.
    NODE_COMPILE_CACHE:
      process.env.NODE_COMPILE_CACHE ?? path.join(root, "node_modules", ".cache", "compiled"),
  };
  const main = await bundle({ root, run, say, node });
  if (command === "start")
    return run(node, [main, "up", ...args], {
      env,
      lifeline: true,
      cwd: callerFolder(),
    });
  return test(node, { ...env, HOLDFAST_MAIN: main });
}

/** The checks first; the tests even when one failed, told which, so that the last count printed tells the whole. */
async function test(node, env) {
  const results = {};
  for (const check of checks(root)) {
    if (stopped !== undefined) return stopped;
    const began = Date.now();
    const code = await run(node, check.args, { env, cwd: root });
    results[check.name] = code === 0 ? "passed" : "failed";
    say(`${code === 0 ? "✓" : "✗"} ${check.name} (${seconds(began)})`);
  }
  const vitest = path.join(root, "node_modules/vitest/vitest.mjs");
  const code = await run(node, [vitest, "run", "--project", "unit", "--project", "real", ...args], {
    env: { ...env, HOLDFAST_CHECKS: JSON.stringify(results) },
    cwd: root,
  });
  return Object.values(results).includes("failed") ? code || 1 : code;
}

/**
 * Runs a child to its end and resolves to its exit code (128 + n for a signal). `lifeline`: its descriptor 3 is a pipe
 * whose other end closes with this process, however that happens. `quiet`: its output is kept and shown on failure.
 */
function run(file, argv, { env = process.env, cwd, lifeline = false, quiet = false } = {}) {
  // Whoever was asked to stop begins nothing more.
  if (stopped !== undefined) return Promise.resolve(stopped);
  return new Promise((resolve) => {
    const out = quiet ? "pipe" : "inherit";
    const child = spawn(file, argv, {
      cwd,
      env: lifeline ? { ...env, HOLDFAST_LIFELINE: "3" } : env,
      stdio: [quiet ? "ignore" : "inherit", out, out, ...(lifeline ? ["pipe"] : [])],
    });
    running.add(child);
    const kept = [];
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data) => kept.push(data));
    child.stdio[3]?.on("error", () => {});
    child.once("error", (error) => {
      say(`cannot run ${file}: ${error.message}`);
      running.delete(child);
      resolve(127);
    });
    child.once("close", (code, signal) => {
      running.delete(child);
      const status = code ?? 128 + (signalNumbers[signal] ?? 0);
      if (status !== 0 && kept.length > 0) process.stderr.write(Buffer.concat(kept));
      resolve(status);
    });
  });
}

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };
/** A child that was asked to stop gets this long, ms; `up` needs about one second to let the chain write its state. */
const stopMsMax = 5_000;

function stopAll(signal) {
  stopped ??= 128 + signalNumbers[signal];
  for (const child of running) child.kill(signal);
  if (running.size === 0) process.exit(stopped);
  setTimeout(() => {
    for (const child of running) child.kill("SIGKILL");
  }, stopMsMax).unref();
}

/** Where the user was when they called npm: relative paths in flags are meant from there. */
function callerFolder() {
  const folder = process.env.INIT_CWD;
  return folder !== undefined && existsSync(folder) ? realpathSync(folder) : root;
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

function seconds(began) {
  return `${((Date.now() - began) / 1000).toFixed(1)} s`;
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stopAll(signal));
// npm may be killed without a word to us. Our own end closes the lifeline; the rest is ended here.
watchAncestors(() => {
  for (const child of running) child.kill("SIGTERM");
  process.exit(1);
});
process.exitCode = await main().catch((error) => {
  // What fails because it was stopped is nobody's fault.
  if (stopped !== undefined) return stopped;
  say(error instanceof Error ? error.message : String(error));
  return 3;
});
// The ancestor watch and open pipes must not keep a finished command alive.
process.exit();
