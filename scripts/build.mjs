/**
 * Emits JavaScript into dist/, for the package only: Node strips no types inside node_modules. In the clone the
 * sources are run as they are.
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
rmSync(path.join(root, "dist"), { recursive: true, force: true });
const { status } = spawnSync(
  process.execPath,
  [path.join(root, "node_modules/typescript/bin/tsc"), "-p", path.join(root, "tsconfig.build.json")],
  { stdio: "inherit" },
);
process.exit(status ?? 3);
