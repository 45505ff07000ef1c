import { utf8ToBytes } from "@noble/hashes/utils.js";

/** What a classifier's numbers are about: one logit for each label, in this order. */
export interface Classes {
  readonly labels: readonly string[];
  /** How logits become probabilities: they share 1 among themselves, or each label holds or not by itself. */
  readonly activation: Activation;
}

export type Activation = "softmax" | "sigmoid";

/**
 * Logits are what nodes agree on to the bit; probabilities are for people and made by whoever shows them, since the
 * exponential function of two machines may differ in its last bit.
 */
export function probabilities(logits: readonly number[], activation: Activation): number[] {
  if (activation === "sigmoid") return logits.map((logit) => 1 / (1 + Math.exp(-logit)));
  const most = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - most));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** The label that a text is given; of equals the first. */
export function labelOf({ labels }: Classes, logits: readonly number[]): string | undefined {
  return labels[logits.indexOf(Math.max(...logits))];
}

/** One text for what the numbers of a model are about, to compare by. */
export function classesKey(classes: Classes | undefined): string {
  return classes === undefined ? "" : JSON.stringify([classes.activation, ...classes.labels]);
}

/** What labels take as they travel: an offer's body is JSON that is written into JSON once more, so a quote costs two. */
export function labelsBytes(labels: readonly string[]): number {
  return utf8ToBytes(JSON.stringify(JSON.stringify(labels))).length;
}
