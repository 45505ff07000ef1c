import { createChance } from "../src/simulator/chance.ts";

const subjects = [
  "the ocean",
  "a lighthouse",
  "bread",
  "the railway",
  "a market",
  "bees",
  "winter",
  "the moon",
];
const forms = [
  (subject: string) => `Tell me a long story about ${subject}.`,
  (subject: string) => `Explain in detail what people should know about ${subject}.`,
  (subject: string) => `Write a letter to a friend about ${subject}, several paragraphs long.`,
  (subject: string) => `Describe ${subject} to somebody who has never seen anything like it.`,
];

export interface Question {
  readonly messages: ReadonlyArray<{ readonly role: "user"; readonly content: string }>;
  readonly temperature: number;
  readonly seed: number;
}

/**
 * The `index`-th question of a run; every second is asked at temperature 0. It begins with its number: an engine that
 * still holds an earlier prompt finds no more in common than the model's own preamble.
 */
export function question(seed: number, index: number): Question {
  const chance = createChance(seed).child(`question ${index}`);
  const subject = subjects[chance.below(subjects.length)]!;
  const form = forms[index % forms.length]!;
  return {
    messages: [{ role: "user", content: `Note ${index}. ${form(subject)}` }],
    temperature: index % 2 === 0 ? 0.7 : 0,
    seed: chance.below(2 ** 31),
  };
}
