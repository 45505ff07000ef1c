import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Names everything the shipped bytecode follows from: our Solidity, the compiler's settings, and the exact versions
 * of the compiler and the libraries. The generated artifacts carry it, so that a stale file shows without compiling.
 * `root` is the repository's folder. SHA-256, hex.
 */
export function contractSourcesDigest(root: string): string {
  const source = join(root, "contracts", "src");
  const hash = createHash("sha256");
  for (const name of readdirSync(source).sort())
    hash.update(`${name}\n${readFileSync(join(source, name), "utf8")}\n`);
  hash.update(readFileSync(join(root, "contracts", "foundry.toml"), "utf8"));
  const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const name of ["solc", "@openzeppelin/contracts"]) hash.update(`${name}@${devDependencies[name]}\n`);
  return hash.digest("hex");
}
