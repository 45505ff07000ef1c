import { exitCode } from "../protocol/errors.ts";
import { examine, type Finding } from "./examine.ts";
import { type Flags, readSettings } from "./settings.ts";
import { table } from "./table.ts";

const marks = { ok: "✓", hint: "·", missing: "✗" } as const;

/**
 * `holdfast doctor`: every finding with its remedy. Exit code 0 when nothing needed is missing, else 3. `--json`:
 * `{ok, checks: [{name, state, found, needed, remedy?}]}`.
 */
export async function doctor(flags: Flags): Promise<void> {
  const settings = readSettings(flags, process.env);
  const findings = await examine(settings, process.env);
  const ok = findings.every(({ state }) => state !== "missing");
  if (flags["json"]) console.log(JSON.stringify({ ok, checks: findings }));
  else print(findings, ok);
  process.exitCode = ok ? 0 : exitCode.environment;
}

function print(findings: readonly Finding[], ok: boolean): void {
  console.log(table(findings.map(({ name, state, found, needed }) => [marks[state], name, found, needed])));
  const remedies = findings.filter(({ state, remedy }) => state !== "ok" && remedy !== undefined);
  if (remedies.length > 0) console.log("");
  for (const { name, state, remedy } of remedies) console.log(`${marks[state]} ${name}: ${remedy}`);
  console.log(ok ? "\nEverything needed is here." : "\nSomething needed is missing.");
}
