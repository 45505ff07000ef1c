import path from "node:path";

/** What must hold besides the tests, as arguments to Node. */
export function checks(root) {
  const at = (file) => path.join(root, file);
  const tsc = at("node_modules/typescript/bin/tsc");
  return [
    { name: "types", args: [tsc] },
    { name: "types of the pure rooms", args: [tsc, "-p", at("tsconfig.pure.json")] },
    { name: "lint and format", args: [at("node_modules/@biomejs/biome/bin/biome"), "check", "--colors=off"] },
    { name: "unused code", args: [at("node_modules/knip/bin/knip.js")] },
    { name: "format of the contracts", args: [at("scripts/contracts.mjs"), "check"] },
    { name: "tests of the contracts", args: [at("scripts/contracts.mjs"), "test"] },
  ];
}
