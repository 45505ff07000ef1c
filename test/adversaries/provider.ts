/** A provider like any other, wired by the product's own command, over an engine bent as TEST_CHEAT says. */
import { openEngine } from "../../src/commands/engine.ts";
import { provider } from "../../src/commands/provider.ts";
import { type Cheat, cheats } from "./cheats.ts";

const flags: Record<string, string | string[] | true> = {};
// The first argument is the command's name; the rest is `--name value`, `--name` and repeats, as `up` writes them.
for (const [index, arg] of process.argv.entries()) {
  if (index < 3 || !arg.startsWith("--")) continue;
  const name = arg.slice(2).replace(/-./g, (dash) => dash[1]!.toUpperCase());
  const value = process.argv[index + 1];
  const isSwitch = value === undefined || value.startsWith("--");
  if (name === "bootstrap" || name === "rpc") flags[name] = [...((flags[name] as string[]) ?? []), value!];
  else flags[name] = isSwitch ? true : value;
}
const cheat = cheats[process.env["TEST_CHEAT"] as Cheat];

await provider(flags, async (settings, ending) => {
  const engine = await openEngine(settings, ending);
  if (engine.kind !== "token") throw new Error("cheats are for engines with tokens");
  return cheat(engine);
});
