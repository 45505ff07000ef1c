#!/usr/bin/env node
/**
 * The `holdfast` command. Plain JavaScript, so that even a Node too old for Holdfast, or a clone without its
 * dependencies, gives an explanation rather than a stack trace.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
// A package holds JavaScript in dist/; a clone runs its sources as they are.
const built = path.join(root, "dist", "main.js");
const source = path.join(root, "src", "main.ts");
const main = existsSync(source) ? source : built;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  explain(
    `Holdfast needs Node 22.18 or newer; this is ${process.versions.node}.`,
    main === source
      ? "In a clone `npm start` fetches the right one, and `npx holdfast` uses it from then on."
      : "Install a newer Node, or run it with `npx --package=node@24 --package=holdfast holdfast …`.",
  );
} else if (!existsSync(main)) {
  explain(
    "This copy of Holdfast has no program in it.",
    "Build it with `npm run build`, or install it again.",
  );
} else if (!isInstalled()) {
  explain(
    "Holdfast's dependencies are not installed.",
    "Run `npm start` once (it installs them), or `npm ci`.",
  );
} else {
  if (isUnderNpm()) {
    const { watchAncestors } = await import("./bootstrap/ancestors.mjs");
    watchAncestors(() => process.kill(process.pid, "SIGTERM"));
  }
  await import(main);
}

/** npm and npx pass no signal on. A child of `holdfast up` has a lifeline, and needs nobody else to watch. */
function isUnderNpm() {
  const { npm_command, npm_lifecycle_event, HOLDFAST_CHILD } = process.env;
  return HOLDFAST_CHILD === undefined && (npm_command === "exec" || npm_lifecycle_event !== undefined);
}

function isInstalled() {
  try {
    import.meta.resolve("commander");
    return true;
  } catch {
    return false;
  }
}

function explain(what, remedy) {
  process.stderr.write(`${what}\n  → ${remedy}\n`);
  process.exitCode = 3;
}
