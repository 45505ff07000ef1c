import { defineConfig } from "vitest/config";

/**
 * `unit` is everything that needs no process beside its own; `real` starts chains, models and provider processes, one
 * file at a time because the machine's cores are what is being shared. `npm test` runs these two; `long`, every way to
 * cheat and a blackout at full load, has a command of its own.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          sequence: { groupOrder: 0 },
          include: ["src/**/*.test.ts", "test/*.test.ts"],
          setupFiles: ["test/rigs/seed.ts"],
          // All cores: left to itself the runner keeps one for itself, which on two is half the machine.
          maxWorkers: "100%",
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "real",
          // After the others: tests with processes and time-outs of their own want the cores to themselves.
          sequence: { groupOrder: 1 },
          include: ["test/real/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "long",
          sequence: { groupOrder: 2 },
          include: ["test/long/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
