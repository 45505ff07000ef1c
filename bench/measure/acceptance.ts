import { cpuSpent, othersSince, quietPercent } from "../machine.ts";
import type { Figure, Measurement, Outcome, Settings } from "../measurement.ts";
import { askNetwork, isSound, withNetwork } from "../network.ts";
import { question } from "../prompts.ts";
import { percentile } from "../statistics.ts";

export const acceptance: Measurement = {
  name: "acceptance",
  method:
    "Undisturbed answers of 64 tokens one after another, defaults throughout (2 witnesses, 250 ms hold): share of tokens that a witness had accepted (and none rejected) before they were delivered, weighted by tokens.",
  run,
};

interface Answer {
  readonly tokens: number;
  readonly share: number;
  readonly sound: boolean;
  /** Share of the machine that others used meanwhile, %. */
  readonly others: number;
}

async function run({ quick, seed, say }: Settings): Promise<Outcome> {
  const answers: Answer[] = [];
  await withNetwork(async ({ url }) => {
    for (let index = 0; index < (quick ? 4 : 40); index += 1) {
      const spent = cpuSpent();
      const seen = await askNetwork(url, { ...question(seed, index), tokensMax: 64 });
      const others = othersSince(spent);
      const [tokens, share] = [seen.usage?.completion_tokens ?? 0, seen.end?.acceptedShare ?? 0];
      answers.push({ tokens, share, others, sound: isSound(seen) });
      say(`answer ${index}: ${(100 * share).toFixed(1)} % accepted; others used ${others.toFixed(0)} %`);
    }
  });
  const quiet = answers.filter(({ others }) => others <= quietPercent);
  const sound = (100 * answers.filter((each) => each.sound).length) / answers.length;
  return {
    figures: [
      ...figuresOf(answers, "all"),
      ...figuresOf(quiet, `others ≤ ${quietPercent} %`),
      { name: "answers whole and valid", value: sound, unit: "%", target: { atLeast: 100 } },
    ],
    samples: {
      "accepted, %": answers.map(({ share }) => 100 * share),
      "others, %": answers.map(({ others }) => others),
    },
  };
}

function figuresOf(answers: readonly Answer[], name: string): Figure[] {
  const tokens = answers.reduce((total, each) => total + each.tokens, 0);
  const accepted = answers.reduce((total, each) => total + each.tokens * each.share, 0);
  const target = { atLeast: 95 };
  return [
    { name: `${name}: answers`, value: answers.length, unit: "count" },
    { name: `${name}: tokens accepted before delivery`, value: (100 * accepted) / tokens, unit: "%", target },
    {
      ...{ name: `${name}: of one answer, p5`, unit: "%" },
      value: percentile(
        answers.map(({ share }) => 100 * share),
        0.05,
      ),
    },
  ];
}
