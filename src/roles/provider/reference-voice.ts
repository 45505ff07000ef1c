import type { Clock, TokenEngine } from "../../ports.ts";
import type { OpenOrder } from "../../protocol/attempt.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { openTokenVoice } from "./token-voice.ts";
import type { Voice } from "./voice.ts";

export interface ReferencePorts {
  readonly clock: Clock;
  /** An engine on the reference profile with one sequence, made for one job. */
  readonly openReference?: (signal: AbortSignal) => Promise<TokenEngine>;
}

/**
 * Reads as a referee must: nothing in the cache and nobody beside it, so that the last bit follows from the prompt, the
 * chunks and the profile alone. One at a time, since each loads the model once more. Throws HoldfastError `busy` or
 * `cannot-witness` (fault peer).
 */
export function createReference({ clock, openReference }: ReferencePorts) {
  let isTaken = false;
  return async (open: OpenOrder, signal: AbortSignal): Promise<Voice> => {
    if (openReference === undefined) throw refusal("cannot-witness", "this node has no reference engine");
    if (isTaken) throw refusal("busy", "another dispute is being computed here");
    isTaken = true;
    let engine: TokenEngine | undefined;
    const release = () => {
      isTaken = false;
      void engine?.close();
    };
    try {
      engine = await openReference(signal);
      if (engine.model !== open.model) throw refusal("unknown-model", "this node does not serve that model");
      const voice = await openTokenVoice({ clock }, engine, open, signal);
      return {
        ...voice,
        close() {
          voice.close();
          release();
        },
      };
    } catch (error) {
      release();
      throw error;
    }
  };
}

function refusal(code: string, message: string): HoldfastError {
  return new HoldfastError(message, { code, fault: "peer" });
}
