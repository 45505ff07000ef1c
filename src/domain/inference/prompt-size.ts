import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { Prompt } from "./spec.ts";

/** Its words, message by message. */
export function textsOf(prompt: Prompt): readonly string[] {
  return prompt.kind === "text" ? [prompt.text] : prompt.messages.map(({ content }) => content);
}

/** Of its words, UTF-16 units: known without a tokeniser. */
export function promptUnits(prompt: Prompt): number {
  return textsOf(prompt).reduce((sum, text) => sum + text.length, 0);
}

/**
 * Tokens a prompt can have at most. Providers say how long it is and are given time to read it, so what they say must
 * have a bound that nobody can talk up: a tokeniser's smallest piece is one byte of text, and a template puts a few
 * tokens around each message and a system prompt of its own before them.
 */
export function promptTokensMost(prompt: Prompt): number {
  const texts = textsOf(prompt);
  const bytes = texts.reduce((sum, text) => sum + utf8ToBytes(text).length, 0);
  return bytes + texts.length * tokensAroundMessage + tokensOfTemplate;
}

const tokensAroundMessage = 16;
const tokensOfTemplate = 512;
