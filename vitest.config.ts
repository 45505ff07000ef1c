import { defineConfig } from "vitest/config";

/**
 * Two projects. `unit` is everything that needs no process beside its own; `real` starts chains, models and
 * provider processes, one file at a time because the machine's cores are what is being shared.
 */
export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["src/**/*.test.ts", "test/*.test.ts"], testTimeout: 30_000 } },
      {
        test: {
          name: "real",
          include: ["test/real/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
