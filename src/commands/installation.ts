import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder this Holdfast lives in: the clone, or the installed package. Runs as source, bundled, or as emitted. */
export const installation: string = folderWithManifest(dirname(fileURLToPath(import.meta.url)));

/** A clone keeps its state in itself; a package in the user's folder. */
export const isClone: boolean = existsSync(join(installation, "src/main.ts"));

function folderWithManifest(folder: string): string {
  if (existsSync(join(folder, "package.json")) || dirname(folder) === folder) return folder;
  return folderWithManifest(dirname(folder));
}
