/** Code of the error that takes words back which had left before witnesses refused them. */
export const takenBack = "rejected_after_delivery";

/** The sentence by which an error tells how much of an answer is good all the same. */
export function standingText(tokens: number): string {
  return `The first ${tokens} tokens stand.`;
}

/** How many tokens stand, as an error's message says; 0 where it does not. */
export function standingIn(message: string): number {
  return Number(/The first (\d+) tokens stand\./.exec(message)?.[1] ?? 0);
}
