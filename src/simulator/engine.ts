import type { ModelId, TokenId } from "../domain/ids.ts";
import type { Candidate } from "../domain/verification/sampler.ts";
import type { Clock, TokenEngine, TokenSequence } from "../ports.ts";
import { HoldfastError } from "../protocol/errors.ts";
import { mixName } from "./chance.ts";

/** How one node's engine behaves: how fast, and how far its arithmetic is from the others'. */
export interface EngineTraits {
  readonly stepMs: number;
  readonly judgeMsPerToken: number;
  /** Largest difference of a logit from the model's, as between honest machines. */
  readonly noise: number;
  /** Serves another model under this one's name: a cheat. */
  readonly otherModel: boolean;
  /** The engine stands still behind live sockets. */
  stalled: boolean;
}

/** A model in arithmetic: logits are a hash of the prompt and the last tokens, so every node can compute the truth. */
export function createSimulatedEngine(
  clock: Clock,
  node: string,
  traits: EngineTraits,
  model: { readonly id: ModelId; readonly slots: number; readonly contextTokens: number },
): TokenEngine & { taken(): number } {
  let taken = 0;
  return {
    taken: () => taken,
    kind: "token",
    model: model.id,
    name: "simulated",
    contextTokens: model.contextTokens,
    slots: model.slots,
    profile: "simulated",
    async open(prompt) {
      if (taken >= model.slots) throw new HoldfastError("no free sequence", { code: "busy", fault: "peer" });
      taken += 1;
      const text =
        prompt.kind === "text" ? prompt.text : prompt.messages.map(({ content }) => content).join("\n");
      const promptIds = text.split(" ").map((word) => mixName(7, word) % 50_000);
      return createSequence(clock, node, traits, promptIds, () => {
        taken -= 1;
      });
    },
    close: async () => {},
  };
}

function createSequence(
  clock: Clock,
  node: string,
  traits: EngineTraits,
  promptIds: readonly TokenId[],
  release: () => void,
): TokenSequence {
  let answer: TokenId[] = [];
  let read = false;
  let closed = false;
  const seed = promptIds.reduce((hash, id) => mixName(hash, String(id)), traits.otherModel ? 99 : 1);

  /** Time passes; a stalled engine waits until it no longer is. */
  const work = (ms: number, signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const done = () => {
        if (signal.aborted) return reject(new Error("aborted"));
        if (traits.stalled) clock.after(50, done);
        else resolve();
      };
      clock.after(ms, done);
    });
  const prompt = () => (read ? 0 : promptIds.length * traits.judgeMsPerToken);

  return {
    promptIds,
    async judge(ids, signal) {
      await work(prompt() + ids.length * traits.judgeMsPerToken, signal);
      read = true;
      return ids.map((id) => {
        const found = logitsAt(seed, answer, node, traits.noise);
        answer.push(id);
        return found;
      });
    },
    async next(ids, signal) {
      await work(prompt() + traits.stepMs, signal);
      read = true;
      answer.push(...ids);
      return logitsAt(seed, answer, node, traits.noise);
    },
    logitOf: async () => -20,
    async keep(length) {
      answer = answer.slice(0, length);
    },
    text: (ids, before) =>
      ids.map((id, offset) => (id === endId ? "" : wordAt(before.length + offset, id))).join(""),
    ends: (id) => id === endId,
    close() {
      if (!closed) release();
      closed = true;
    },
  };
}

const endId = 0;

/** A word names its place, so that a gap or a repetition shows in the text itself. */
export function wordAt(position: number, id: TokenId): string {
  return `${position}:${id} `;
}

/** The model: eight candidates whose logits follow from the last three tokens; the end grows likelier with length. */
export function logitsAt(seed: number, answer: readonly TokenId[], node: string, noise: number): Candidate[] {
  const context = answer.slice(-3).reduce((hash, id) => mixName(hash, String(id)), seed + answer.length);
  const candidates: Candidate[] = [{ id: endId, logit: answer.length / 8 - 4 }];
  for (let rank = 0; rank < 8; rank++) {
    const id = 1 + (mixName(context, `id${rank}`) % 50_000);
    const own = noise * (2 * (mixName(context + rank, node) / 2 ** 32) - 1);
    candidates.push({ id, logit: 6 * (mixName(context, `logit${rank}`) / 2 ** 32) + own });
  }
  return candidates.sort((a, b) => b.logit - a.logit || a.id - b.id);
}
