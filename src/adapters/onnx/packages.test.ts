import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { onnxPackages, onnxRemedy } from "./packages.ts";

test("the remedy names the releases that are tested here", () => {
  const manifest = readFileSync(join(import.meta.dirname, "../../../package.json"), "utf8");
  const { devDependencies } = JSON.parse(manifest) as { devDependencies: Record<string, string> };
  for (const each of onnxPackages) expect(onnxRemedy).toContain(` ${each}@${devDependencies[each]} `);
});
