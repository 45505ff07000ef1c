import { existsSync } from "node:fs";
import path from "node:path";

/** What must hold before the tests are worth running, as arguments to Node. */
export function checks(root) {
  const at = (file) => path.join(root, file);
  const all = [
    { name: "types", args: [at("node_modules/typescript/bin/tsc")] },
    { name: "pure rooms", args: [at("node_modules/typescript/bin/tsc"), "-p", at("tsconfig.pure.json")] },
    { name: "lint and format", args: [at("node_modules/@biomejs/biome/bin/biome"), "check", "--colors=off"] },
    { name: "unused code", args: [at("node_modules/knip/bin/knip.js")] },
    { name: "contracts", args: [at("scripts/contracts.mjs"), "test"] },
  ];
  return all.filter(({ args: [script] }) => existsSync(script));
}
