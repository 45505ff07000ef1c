/**
 * The answer to question `number`: the same words from everybody, other words for every other number, so that a
 * missing, repeated or foreign word is seen. One token is one word with the blank before it.
 */
export function story(number: number, tokens: number): string[] {
  let state = (number * 2_654_435_761 + 1) >>> 0;
  return Array.from({ length: tokens }, (_, index) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (index === 0 ? "" : " ") + words[state >>> 27]!;
  });
}

/** How a question is asked, and how an upstream finds its number again. */
export const questionOf = (number: number) => `Tell story ${number}.`;

export function numberIn(question: string): number {
  return Number(/story (\d+)/.exec(question)?.[1]);
}

const words = (
  "amber birch cedar delta ember fjord grove heath inlet jetty knoll lunar maple north ocean prism " +
  "quartz river stone tidal umber vivid willow xenon yield zephyr azure brook cliff drift every flint"
).split(" ");
