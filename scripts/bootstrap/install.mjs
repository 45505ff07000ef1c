import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { takeLock } from "./lock.mjs";

/**
 * Makes node_modules what the lockfile says and returns the path of the pinned Node. Does nothing when the marker in
 * node_modules holds the lockfile's hash. Only one install runs in a folder at a time; a second waits for it.
 */
export async function install({ root, run, say }) {
  const wanted = fingerprint(root);
  if (installed(root) === wanted) return nodeOf(root);
  const release = await takeLock(path.join(root, ".holdfast", "install.lock"), {
    waiting: (pid) => say(`waiting for another install in this folder (process ${pid})`),
  });
  try {
    if (installed(root) !== wanted) await installNow({ root, run, say, wanted });
  } finally {
    release();
  }
  return nodeOf(root);
}

async function installNow({ root, run, say, wanted }) {
  const npm = npmCli();
  const pinned = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")).devDependencies.node;
  const progress = startProgress(say, installed(root) === undefined);
  const temporary = mkdtempSync(path.join(tmpdir(), "holdfast-node-"));
  try {
    let node = process.execPath;
    if (process.versions.node !== pinned) {
      progress.step(`fetching Node ${pinned}`);
      writeFileSync(path.join(temporary, "package.json"), '{"private":true}');
      const flags = ["install", `node@${pinned}`, "--no-save", "--no-package-lock", "--loglevel=error"];
      await npmRun(run, node, npm, flags, { cwd: temporary });
      node = path.join(temporary, "node_modules", "node", "bin", "node");
    }
    progress.step("installing dependencies");
    // Named explicitly: NODE_ENV=production or a user's own npmrc must not leave out what the tests and the model need.
    const flags = ["ci", "--include=dev", "--include=optional", "--loglevel=error"];
    await npmRun(run, node, npm, flags, { cwd: root, first: path.dirname(node) });
    if (!existsSync(nodeOf(root))) {
      throw new Error(
        "npm did not put Node 24 into node_modules.\n  → allow install scripts for the package `node` (npm config delete ignore-scripts) and try again",
      );
    }
    writeFileSync(markerOf(root), `${wanted}\n`);
    progress.done();
  } catch (error) {
    progress.stop();
    throw error;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function npmRun(run, node, npm, flags, { cwd, first }) {
  // Its script would fetch GPU binaries from outside the registry, and fail the whole install where it cannot.
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" };
  // What npm told us about its own run (silence, folders, the script's name) must not steer this one.
  for (const name of Object.keys(env))
    if (/^npm_(lifecycle|package|config_(loglevel|local_prefix|prefix|json|omit|include|global))/i.test(name))
      delete env[name];
  if (first !== undefined) env.PATH = `${first}${path.delimiter}${env.PATH}`;
  const code = await run(node, [npm, ...flags], { cwd, env, quiet: true });
  if (code !== 0) {
    throw new Error(
      `npm ${flags[0]} failed (exit code ${code}); its own words are above.\n  → check the network and npm's registry, then run the same command again`,
    );
  }
}

/** npm's own script, so that it can be run under a Node of our choice. */
function npmCli() {
  const named = process.env.npm_execpath;
  if (named !== undefined && path.basename(named) === "npm-cli.js" && existsSync(named)) return named;
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  for (const folder of folders) {
    const command = path.join(folder, "npm");
    if (existsSync(command) && path.basename(realpathSync(command)) === "npm-cli.js")
      return realpathSync(command);
  }
  const beside = path.join(path.dirname(process.execPath), "../lib/node_modules/npm/bin/npm-cli.js");
  if (existsSync(beside)) return beside;
  throw new Error("npm was not found.\n  → install npm (it comes with Node) and run `npm start`");
}

/** A line that tells what is happening and for how long: rewritten in place on a terminal, every 10 s elsewhere. */
function startProgress(say, first) {
  const began = Date.now();
  const terminal = process.stderr.isTTY === true;
  let what = "";
  const elapsed = () => `${Math.round((Date.now() - began) / 1000)} s`;
  const show = () =>
    terminal ? process.stderr.write(`\r\x1b[K${what} … ${elapsed()}`) : say(`${what} … ${elapsed()}`);
  say(first ? "first run: installing what is missing (about a minute)" : "dependencies changed: installing");
  const timer = setInterval(show, terminal ? 1_000 : 10_000);
  const stop = () => {
    clearInterval(timer);
    if (terminal) process.stderr.write("\r\x1b[K");
  };
  return {
    step(text) {
      what = text;
      show();
    },
    stop,
    done() {
      stop();
      say(`installed in ${elapsed()}`);
    },
  };
}

/** The lockfile decides what is installed; the platform decides which of it. */
function fingerprint(root) {
  const lockfile = readFileSync(path.join(root, "package-lock.json"));
  return createHash("sha256").update(lockfile).update(`${process.platform} ${process.arch}`).digest("hex");
}

function markerOf(root) {
  return path.join(root, "node_modules", ".holdfast-installed");
}

function installed(root) {
  try {
    return readFileSync(markerOf(root), "utf8").trim();
  } catch {
    return undefined;
  }
}

function nodeOf(root) {
  return path.join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
}
