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

/** The `index`-th question of a run: no two follow each other with one text, half are asked at temperature 0. */
export function question(seed: number, index: number): Question {
  const chance = createChance(seed).child(`question ${index}`);
  const subject = subjects[chance.below(subjects.length)]!;
  const form = forms[index % forms.length]!;
  return {
    messages: [{ role: "user", content: `${form(subject)} (${index})` }],
    temperature: index % 2 === 0 ? 0.7 : 0,
    seed: chance.below(2 ** 31),
  };
}
