/** A provider like any other, wired by the product's own command, bent as TEST_CHEAT says. */
import { createLlamaEngine } from "../../src/adapters/llama/engine.ts";
import { openEngine } from "../../src/commands/engine.ts";
import { obtainModel } from "../../src/commands/model.ts";
import { provider } from "../../src/commands/provider.ts";
import type { Settings } from "../../src/commands/settings.ts";
import type { TokenEngine } from "../../src/ports.ts";
import { converse } from "../../src/roles/provider/conversation.ts";
import { openTokenVoice } from "../../src/roles/provider/token-voice.ts";
import { type Cheat, type CheatName, cheats } from "./cheats.ts";
import { alteredWeights } from "./weights.ts";

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
const cheat: Cheat = cheats[process.env["TEST_CHEAT"] as CheatName];
let other: TokenEngine | undefined;

await provider(flags, {
  async open(settings, ending) {
    const right = await openEngine(settings, ending);
    if (right.kind === "embedding") return cheat.embedding?.(right) ?? right;
    if (right.kind !== "token") throw new Error("cheats are for engines with tokens");
    const isSame = cheat.weights === undefined && cheat.numerics === undefined;
    const wrong = isSame ? (cheat.engine?.(right) ?? right) : await wrongEngine(settings);
    // Whatever it computes with, it offers what the others do.
    if (cheat.both === undefined) return { ...wrong, profile: right.profile };
    other = wrong;
    return right;
  },
  talk(ports, channel) {
    const { openVoice } = ports;
    const bentVoice: typeof openVoice = async (open, signal) => {
      if (other === undefined || cheat.both === undefined)
        return (cheat.voice?.(openVoice) ?? openVoice)(open, signal);
      return cheat.both(await openTokenVoice(ports, other, open, signal), await openVoice(open, signal));
    };
    const talk = cheat.talk?.(converse) ?? converse;
    return talk({ ...ports, openVoice: bentVoice }, channel);
  },
});

async function wrongEngine(settings: Settings): Promise<TokenEngine> {
  const { id: model, name, path } = await obtainModel(settings);
  const file = cheat.weights === undefined ? path : await alteredWeights(cheat.weights);
  const { numerics } = cheat;
  return createLlamaEngine({
    ...{ file, model, name, slots: settings.slots ?? 4, contextTokens: 2048, threads: 1, gpu: false },
    ...(numerics === undefined ? {} : { numerics }),
  });
}
