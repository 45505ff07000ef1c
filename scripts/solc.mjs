#!/usr/bin/env node
/**
 * The Solidity compiler for forge, without a download: npm's `solc` behind the two calls forge makes of a native
 * compiler, `--version` and `--standard-json`.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import solc from "solc";

const args = process.argv.slice(2);

if (args.includes("--version")) {
  // forge parses this as it would a native compiler's; the platform's name is the one it knows.
  const version = solc.version().replace(".Emscripten.clang", ".Linux.g++");
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
} else if (args.includes("--standard-json")) {
  const roots = ["--base-path", "--include-path"].flatMap(valuesOf);
  const output = solc.compile(readFileSync(0, "utf8"), { import: (path) => find(path, roots) });
  process.stdout.write(output);
} else {
  process.stderr.write(`scripts/solc.mjs answers --version and --standard-json, not: ${args.join(" ")}\n`);
  process.exitCode = 2;
}

function valuesOf(flag) {
  return args.flatMap((arg, i) => (arg === flag && args[i + 1] !== undefined ? [args[i + 1]] : []));
}

function find(path, roots) {
  for (const root of [...roots, "."]) {
    try {
      return { contents: readFileSync(resolve(root, path), "utf8") };
    } catch {
      // The next root may have it.
    }
  }
  return { error: `${path} is under none of: ${roots.join(", ")}` };
}
