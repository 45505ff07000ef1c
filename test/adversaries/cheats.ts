import type { LlamaEngineOptions } from "../../src/adapters/llama/engine.ts";
import type { EmbeddingEngine, TokenEngine } from "../../src/ports.ts";
import type { Voice } from "../../src/roles/provider/voice.ts";
import { bent, only, reweighed, swapped, unnumbered } from "./bent-engine.ts";
import {
  emptyCommit,
  forgedCommit,
  otherMarket,
  oversizeOpening,
  sameNumber,
  sameOpening,
  type TalkCheat,
  twice,
  wordsBent,
} from "./bent-talk.ts";
import { always, bentVectors, inEightBits } from "./bent-vectors.ts";
import {
  choosyVoice,
  flattering,
  formlessVoice,
  hotVoice,
  promptVoice,
  replayVoice,
  seedVoice,
  twoVoiced,
  type VoiceCheat,
} from "./bent-voice.ts";
import { copyingVoice, deafVoice, forging } from "./bent-witness.ts";
import type { AlteredWeights } from "./weights.ts";

/**
 * Ways to cheat, each a real provider with one thing bent. They live in the tests only: nothing in the product can make
 * a provider cheat.
 */
export interface Cheat {
  /** The weights it really loads, under the id of those it offers. */
  readonly weights?: AlteredWeights;
  /** Arithmetic that its offer does not mention. */
  readonly numerics?: LlamaEngineOptions["numerics"];
  /** What its engine says, bent. */
  readonly engine?: (engine: TokenEngine) => TokenEngine;
  /** The vectors it gives, bent. */
  readonly embedding?: (engine: EmbeddingEngine) => EmbeddingEngine;
  /** What it makes of a job, bent. */
  readonly voice?: VoiceCheat;
  /** Where it has the bent engine and the right one both, what it makes of the two. */
  readonly both?: (bent: Voice, right: Voice) => Voice;
  /** How it holds an attempt, bent. */
  readonly talk?: TalkCheat;
}

export const cheats = {
  /** Speaks with other weights: every logit is off by up to four, the same way each time. */
  "other-model": {
    engine: (engine) => bent(engine, { speak: (candidates) => reweighed(candidates, 4) }),
  },
  /** Says its tenth token again instead of the eleventh. */
  "repeats-token": {
    engine: (engine) =>
      bent(engine, { speak: (candidates, said) => (said.length === 10 ? only(said[9]!) : candidates) }),
  },
  /** Leaves out what would have been its tenth token. */
  "drops-token": { engine: (engine) => bent(engine, { skipAt: 10 }) },
  /** Signs ids that are right, with other words beside them. */
  "two-texts": {
    engine: (engine) => bent(engine, { text: (text, at) => (at > 8 ? text.toUpperCase() : text) }),
  },
  /** Honest as a speaker; as a witness it sees one chunk through the eyes of another model. */
  dissenter: {
    engine: (engine) =>
      bent(engine, { judge: (candidates, at) => (at === 6 ? reweighed(candidates, 12) : candidates) }),
  },
  /** Serves the weights cut to eight levels, as a much smaller file would hold them. */
  "three-bit": { weights: "three-bit" },
  /** Serves a 4-bit encoding of another kind than it offers. */
  "four-bit": { weights: "q4_0" },
  /** Serves weights that were moved by two per cent. */
  noise: { weights: "noise" },
  /** Keeps keys and values in 4 bits, to hold more jobs. */
  "four-bit-cache": { numerics: { kv: "q4_0", flashAttention: true } },
  /** The same in 8 bits, which shows only over several answers. */
  "eight-bit-cache": { numerics: { kv: "q8_0", flashAttention: true } },
  /** Serves an 8-bit encoding of the right weights, which no promise covers either. */
  "eight-bit": { weights: "q8_0" },
  /** Reads only the last part of the prompt. */
  "cut-context": { voice: promptVoice("cut") },
  /** Reads an instruction of its own before the prompt. */
  "injected-prompt": { voice: promptVoice("injected") },
  /** Writes with the cheap weights, then reads what it wrote with the right ones, for the fingerprint. */
  "prefill-attack": { weights: "q4_0", both: twoVoiced },
  /** Puts the second likeliest in place of one token in fifty, and shows the right fingerprint beside it. */
  "swaps-tokens": { engine: (engine) => bent(engine, { speak: swapped }), both: twoVoiced },
  /** Ends its answers after twelve tokens, and says that the model did. */
  "stops-early": { engine: (engine) => bent(engine, { endAt: 12 }), both: twoVoiced },
  /** Says again what it said when it was asked the same before, whatever the seed is. */
  replays: { voice: replayVoice },
  /** Samples at temperature 1 what was asked at less. */
  hot: { voice: hotVoice },
  /** Draws by a seed of its own. */
  "other-seed": { voice: seedVoice },
  /** Draws several times, under seeds of its own, and says what it likes best. */
  "best-of-n": { voice: choosyVoice },
  /** Pays no heed to the schema that its answer has to fit. */
  formless: { voice: formlessVoice },
  /** As a witness it reads nothing and accepts everything; its fingerprint is made up. */
  lazy: { voice: deafVoice },
  /** As a witness it reads nothing, and shows the fingerprint of another answer as this one's. */
  copies: { voice: copyingVoice },
  /** Computes with the cheap weights, and shows what the right ones' logits may be by what it learnt, with some noise. */
  forges: { weights: "q4_0", both: forging },
  /** Its logits are no numbers when it reads what others say. */
  "no-numbers": { engine: (engine) => bent(engine, { judge: (candidates) => unnumbered(candidates) }) },
  /** Says a token that no vocabulary has. */
  "strange-ids": {
    engine: (engine) =>
      bent(engine, { speak: (candidates, said) => (said.length === 10 ? only(0x7fffffff) : candidates) }),
  },
  /** Has read all of an answer, and commits to nothing. */
  "seals-nothing": { talk: emptyCommit },
  /** Hands in an envelope that it did not sign. */
  "forges-commit": { talk: forgedCommit },
  /** Opens the envelope of another job. */
  "other-job": { talk: sameOpening },
  /** Opens with more than fits in any envelope. */
  oversize: { talk: oversizeOpening },
  /** Signs for a market where it has nothing to lose. */
  "other-market": { talk: otherMarket },
  /** Shows no logits when it has to open. */
  withholds: { talk: wordsBent((word) => (word.t === "revealed" ? undefined : word)) },
  /** Seals two envelopes for one answer. */
  "two-envelopes": { talk: twice },
  /** Signs all its statements under one number. */
  equivocates: { talk: sameNumber },
  /** Speaks with the cheap weights; as a witness it reads with both, and shows whatever agrees with the speaker. */
  colludes: { weights: "q4_0", both: flattering },
  /** Gives vectors in 8 bits where the model's own were asked for. */
  "eight-bit-vectors": { embedding: (engine) => bentVectors(engine, inEightBits) },
  /** Computes nothing, and gives every text the same vector. */
  "lazy-vectors": { embedding: (engine) => bentVectors(engine, always) },
} satisfies Record<string, Cheat>;

export type CheatName = keyof typeof cheats;
