import { readFileSync } from "node:fs";
import type { Measurement, Outcome, Settings } from "../measurement.ts";
import { askNetwork, withNetwork } from "../network.ts";
import { question } from "../prompts.ts";
import { median } from "../statistics.ts";

export const memory: Measurement = {
  name: "memory",
  method:
    "RSS and PSS from /proc/PID/smaps_rollup, of the gateway and (median of five) of a provider, once the network is up and after 50 streamed answers of 32 tokens. PSS divides what processes share, such as the model's file, among them.",
  run,
};

async function run({ quick, seed, say }: Settings): Promise<Outcome> {
  const answers = quick ? 5 : 50;
  return withNetwork(async (network) => {
    const look = () => ({
      gateway: memoryOf(network.gatewayPid),
      providers: network.providers().map((provider) => memoryOf(provider.pid())),
    });
    const before = look();
    for (let index = 0; index < answers; index += 1) {
      await askNetwork(network.url, { ...question(seed, index), tokensMax: 32 });
      if (index % 10 === 9) say(`${index + 1} answers: gateway ${look().gateway.rss.toFixed(0)} MB`);
    }
    const after = look();
    const target = { atMost: 150 };
    const one = (parts: ReadonlyArray<Memory>, part: keyof Memory) => median(parts.map((each) => each[part]));
    return {
      figures: [
        { name: "gateway after start, RSS", value: before.gateway.rss, unit: "MB", target },
        { name: "gateway after start, PSS", value: before.gateway.pss, unit: "MB" },
        { name: `gateway after ${answers} answers, RSS`, value: after.gateway.rss, unit: "MB", target },
        { name: `gateway after ${answers} answers, PSS`, value: after.gateway.pss, unit: "MB" },
        { name: "provider after start, RSS", value: one(before.providers, "rss"), unit: "MB" },
        { name: "provider after start, PSS", value: one(before.providers, "pss"), unit: "MB" },
        { name: `provider after ${answers} answers, RSS`, value: one(after.providers, "rss"), unit: "MB" },
        { name: `provider after ${answers} answers, PSS`, value: one(after.providers, "pss"), unit: "MB" },
      ],
      samples: { "provider RSS after": after.providers.map(({ rss }) => rss) },
    } satisfies Outcome;
  });
}

interface Memory {
  readonly rss: number;
  readonly pss: number;
}

function memoryOf(pid: number): Memory {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const megabytes = (field: string) =>
    (Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(rollup)?.[1]) * 1024) / 1e6;
  return { rss: megabytes("Rss"), pss: megabytes("Pss") };
}
