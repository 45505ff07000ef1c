import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type SoakReport, soakText } from "../../src/commands/chaos/soak-report.ts";
import { thisMachine } from "../machine.ts";
import { bundledProgram } from "../program.ts";
import { asJson } from "../results.ts";

const file = join(import.meta.dirname, "../results/soak.json");

/** `npm run soak`: `holdfast chaos --soak` from the bundle that `npm start` runs, an hour unless told otherwise. */
export async function soak(args: readonly string[]): Promise<void> {
  const report = await churned(await bundledProgram(), args);
  const text = soakText(report);
  console.log(text);
  // A short try does not take the place of a long run.
  if ((report.minutes ?? 0) < keptMinutes() || report.interrupted) return;
  const kept = { ...report, commit: thisMachine().commit, at: new Date().toISOString() };
  writeFileSync(file, asJson(kept));
  const when = `Commit ${kept.commit}, ${kept.at}.`;
  writeFileSync(file.replace(/json$/, "md"), `# Soak\n\n\`\`\`text\n${text}\n\`\`\`\n\n${when}\n`);
}

function churned(program: string, args: readonly string[]): Promise<SoakReport> {
  const child = spawn(process.execPath, [program, "chaos", "--soak", "--json", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (said === "") reject(new Error(`the soak told nothing (exit code ${code})`));
      else resolve(JSON.parse(said) as SoakReport);
    });
  });
}

function keptMinutes(): number {
  if (!existsSync(file)) return 0;
  return (JSON.parse(readFileSync(file, "utf8")) as SoakReport).minutes ?? 0;
}
