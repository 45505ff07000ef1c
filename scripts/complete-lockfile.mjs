/**
 * Completes package-lock.json after `npm install` made it with a registry that lacks some platform's binaries: npm then
 * leaves those optional packages out, and every later `npm ci`, on any platform, refuses the lockfile as out of step.
 * Their parents name them with exact versions, so the entries can be written without the registry: name, version and
 * the platform that the name tells. A machine of that platform fetches them; all others pass them over.
 *
 * Run it after each change of dependencies: node scripts/complete-lockfile.mjs
 */
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));
const added = [];

for (const [parent, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (!/^\d+\.\d+\.\d+$/.test(version) || isLocked(parent, name)) continue;
    lock.packages[`node_modules/${name}`] = {
      version,
      ...platformOf(name),
      ...(entry.dev === true ? { dev: true } : {}),
      optional: true,
    };
    added.push(`${name}@${version}`);
  }
}

lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
if (added.length > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(added.length === 0 ? "nothing is missing\n" : `added\n  ${added.join("\n  ")}\n`);

/** Is there an entry that Node's look-up, from the parent's folder upwards, would find? */
function isLocked(parent, name) {
  for (let folder = parent; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    if (lock.packages[`${folder === "" ? "" : `${folder}/`}node_modules/${name}`] !== undefined) return true;
    if (folder === "") return false;
  }
}

function platformOf(name) {
  const words = name.split(/[/-]/);
  const os = ["android", "darwin", "freebsd", "linux", "openharmony", "win32"].find((it) =>
    words.includes(it),
  );
  const cpu = ["arm64", "arm", "ia32", "ppc64", "riscv64", "s390x", "x64", "amd64"].find((it) =>
    words.includes(it),
  );
  if (os === undefined || cpu === undefined)
    throw new Error(`${name} does not tell its platform; add it by hand`);
  const c = os !== "linux" ? undefined : words.some((it) => it.startsWith("musl")) ? "musl" : "glibc";
  const libc = words.some((it) => /^(musl|gnu)/.test(it)) && c !== undefined ? { libc: [c] } : {};
  return { cpu: [cpu === "amd64" ? "x64" : cpu], os: [os], ...libc };
}
