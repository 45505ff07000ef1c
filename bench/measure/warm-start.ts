import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCommand } from "../../test/rigs/command.ts";
import { defaultModelFile } from "../default-engine.ts";
import type { Measurement, Outcome, Settings } from "../measurement.ts";
import { askNetwork, nodes } from "../network.ts";
import { guarded, mayLeave } from "../processes.ts";
import { question } from "../prompts.ts";
import { median } from "../statistics.ts";

export const warmStart: Measurement = {
  name: "warm-start",
  method:
    "Model already fetched. `npm start -- --json` with five nodes: from spawning it to the first piece of content of a first streamed answer. Once in an empty home folder (a new chain, contracts deployed, bonds paid), once again in the same folder; median of the repetitions.",
  run,
};

interface Start {
  readonly readyS: number;
  readonly firstS: number;
}

async function run({ quick, seed, say }: Settings): Promise<Outcome> {
  await defaultModelFile();
  const fresh: Start[] = [];
  const again: Start[] = [];
  for (let turn = 0; turn < (quick ? 1 : 3); turn += 1) {
    const home = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
    mayLeave(home);
    fresh.push(await start(home, seed));
    again.push(await start(home, seed));
    rmSync(home, { recursive: true, force: true });
    say(`fresh ${fresh.at(-1)!.firstS.toFixed(1)} s, again ${again.at(-1)!.firstS.toFixed(1)} s`);
  }
  const of = (starts: readonly Start[], part: keyof Start) => starts.map((one) => one[part]);
  const target = { atMost: 15 };
  return {
    figures: [
      { name: "empty home: to the first token", value: median(of(fresh, "firstS")), unit: "s", target },
      { name: "empty home: to the URL", value: median(of(fresh, "readyS")), unit: "s" },
      { name: "same home: to the first token", value: median(of(again, "firstS")), unit: "s", target },
      { name: "same home: to the URL", value: median(of(again, "readyS")), unit: "s" },
    ],
    samples: { fresh: of(fresh, "firstS"), again: of(again, "firstS") },
  };
}

async function start(home: string, seed: number): Promise<Start> {
  const begun = performance.now();
  const passed = () => (performance.now() - begun) / 1000;
  const args = ["--nodes", String(nodes), "--port", "0", "--home", home, "--json"];
  const command = startCommand("npm", ["start", "--silent", "--", ...args]);
  if (command.child.pid !== undefined) guarded(command.child.pid);
  const { url } = JSON.parse(await command.line()) as { url: string };
  const readyS = passed();
  let firstS = 0;
  await askNetwork(url, {
    ...{ ...question(seed, 0), tokensMax: 8 },
    onPiece() {
      firstS ||= passed();
    },
  });
  // Not npm: those it leaves behind would not be counted as the bench's own work.
  process.kill(readUp(home), "SIGTERM");
  await command.finished;
  return { readyS, firstS };
}

function readUp(home: string): number {
  return (JSON.parse(readFileSync(join(home, "run.json"), "utf8")) as { up: { pid: number } }).up.pid;
}
