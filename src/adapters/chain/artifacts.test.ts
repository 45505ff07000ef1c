import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { contractSourcesDigest } from "../../../scripts/contract-digest.ts";
import {
  bondsArtifact,
  holdArtifact,
  managerArtifact,
  modelsArtifact,
  sourcesDigest,
} from "./artifacts.generated.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

test("the shipped bytecode is that of the Solidity beside it", () => {
  expect(sourcesDigest, "stale: run `node scripts/contracts.mjs abi`").toBe(contractSourcesDigest(root));
});

test("every contract fits the limits a real chain sets on creation code", () => {
  for (const { bytecode } of [bondsArtifact, holdArtifact, managerArtifact, modelsArtifact]) {
    expect(bytecode).toMatch(/^0x[0-9a-f]+$/);
    // EIP-3860; nothing left to link either.
    expect((bytecode.length - 2) / 2).toBeLessThan(49_152);
  }
});
