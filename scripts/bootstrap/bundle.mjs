import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import path from "node:path";

/**
 * The program as one bundle, made again when a source changed: about two seconds, once. A local network is eight
 * processes of it; loaded file by file, each costs a second of a core and 35 MB more. Returns the file to run, which
 * is the source itself when no bundle could be made: slower, never wrong.
 */
export async function bundle({ root, run, say, node }) {
  const source = path.join(root, "src", "main.ts");
  const cache = path.join(root, "node_modules", ".cache", "holdfast");
  const folder = path.join(cache, digestOf(root));
  const main = path.join(folder, "main.js");
  if (existsSync(main)) return main;
  mkdirSync(cache, { recursive: true });
  forgetOld(cache);
  const temporary = mkdtempSync(path.join(cache, "making-"));
  const code = await run(node, [path.join(root, "scripts", "bundle.mjs"), temporary], {
    cwd: root,
    quiet: true,
  });
  if (code !== 0) {
    rmSync(temporary, { recursive: true, force: true });
    say("the program could not be bundled; it runs from its sources, which start more slowly");
    return source;
  }
  try {
    renameSync(temporary, folder);
  } catch (error) {
    // Another start was quicker with the same sources.
    rmSync(temporary, { recursive: true, force: true });
    if (!existsSync(main)) throw error;
  }
  return main;
}

/** Bundles of earlier sources, and those never finished, go after a day: a network may still load a part of one. */
function forgetOld(cache) {
  const dayAgo = Date.now() - 24 * 60 * 60 * 1000;
  for (const name of readdirSync(cache)) {
    const folder = path.join(cache, name);
    if (statSync(folder).mtimeMs < dayAgo) rmSync(folder, { recursive: true, force: true });
  }
}

/** Names what the bundle follows from: every source by size and time, and the lockfile. */
function digestOf(root) {
  const hash = createHash("sha256").update(readFileSync(path.join(root, "package-lock.json")));
  const src = path.join(root, "src");
  for (const name of readdirSync(src, { recursive: true }).sort()) {
    if (!name.endsWith(".ts") || name.endsWith(".test.ts")) continue;
    const { size, mtimeMs } = statSync(path.join(src, name));
    hash.update(`${name} ${size} ${mtimeMs}\n`);
  }
  return hash.digest("hex").slice(0, 16);
}
