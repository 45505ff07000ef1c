import type { TokenId } from "../../domain/ids.ts";
import { promptUnits } from "../../domain/inference/prompt-size.ts";
import type { Prompt } from "../../domain/inference/spec.ts";
import type { TokenSequence } from "../../ports.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";

/** The window and the seats that a server has for this node. */
export interface Room {
  readonly contextTokens: number;
  readonly slots: number;
  /** Takes a seat for a prompt and an answer that fit. Throws HoldfastError `context-overflow` (fault user) or `busy`. */
  seat(
    asked: {
      readonly prompt: Prompt;
      readonly tokensMax: number;
      readonly promptIds: () => Promise<TokenId[]> | TokenId[];
    },
    open: (seat: Seat) => TokenSequence,
  ): Promise<TokenSequence>;
}

export interface Seat {
  readonly promptIds: readonly TokenId[];
  readonly contextTokens: number;
  /** A number below `slots` that nobody else has until it is released. */
  readonly slot: number;
  /** What could not be overflowed to begin with. */
  readonly overflow: (promptTokens: number, answerTokens: number) => HoldfastError;
  readonly release: () => void;
}

export function createRoom({ contextTokens, slots }: Pick<Room, "contextTokens" | "slots">): Room {
  const free = Array.from({ length: slots }, (_, slot) => slot);
  return {
    ...{ contextTokens, slots },
    async seat({ prompt, tokensMax, promptIds: read }, open) {
      // A lower bound, so that what cannot fit is neither sent nor tokenised.
      if (promptUnits(prompt) > contextTokens * limits.tokenLengthMax)
        throw overflow(contextTokens, tokensMax);
      const slot = free.shift();
      if (slot === undefined)
        throw new HoldfastError("Every slot of this engine is taken.", {
          ...{ code: "busy", fault: "peer", retryable: true, facts: { slots } },
        });
      const release = () => void free.push(slot);
      try {
        const promptIds = await read();
        if (promptIds.length + tokensMax > contextTokens) throw overflow(promptIds.length, tokensMax);
        return open({ promptIds, contextTokens, slot, overflow, release });
      } catch (error) {
        release();
        throw error;
      }
    },
  };

  function overflow(promptTokens: number, answerTokens: number): HoldfastError {
    return new HoldfastError(
      `The prompt (${promptTokens} tokens) and the answer asked for (${answerTokens}) do not fit the model's window of ${contextTokens} tokens.`,
      {
        ...{ code: "context-overflow", fault: "user" },
        remedy: "Shorten the prompt or lower max_tokens; nothing is ever cut silently.",
        facts: { promptTokens, answerTokens, contextTokens },
      },
    );
  }
}
