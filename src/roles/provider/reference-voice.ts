import type { Clock, Log, TokenEngine } from "../../ports.ts";
import type { OpenOrder } from "../../protocol/attempt.ts";
import { HoldfastError, kindOf } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import { openTokenVoice } from "./token-voice.ts";
import type { Voice } from "./voice.ts";

export interface ReferencePorts {
  readonly clock: Clock;
  readonly log: Log;
  /** An engine on the reference profile with one sequence, made for one job. */
  readonly openReference?: (signal: AbortSignal) => Promise<TokenEngine>;
}

/**
 * Reads as a referee must: nothing in the cache and nobody beside it, so that the last bit follows from the prompt, the
 * chunks and the profile alone. One at a time, since each loads the model once more; and as anybody may ask, nobody has
 * it for longer than a dispute takes (`referenceMsMax`): then it is closed under whoever still reads with it. Throws
 * HoldfastError `busy` or `cannot-witness` (fault peer).
 */
export function createReference({ clock, log, openReference }: ReferencePorts) {
  let isTaken = false;

  /** Free once it is closed: until then it has its memory, and there is none for two. */
  async function release(engine: TokenEngine | undefined): Promise<void> {
    try {
      await engine?.close();
    } catch (error) {
      log.error("reference-not-closed", { error: kindOf(error) });
    } finally {
      isTaken = false;
    }
  }

  return async (open: OpenOrder, signal: AbortSignal): Promise<Voice> => {
    if (openReference === undefined) throw refusal("cannot-witness", "this node has no reference engine");
    if (isTaken) throw refusal("busy", "another dispute is being computed here");
    isTaken = true;
    let engine: TokenEngine | undefined;
    try {
      engine = await openReference(signal);
      if (engine.model !== open.model) throw refusal("unknown-model", "this node does not serve that model");
      const voice = await openTokenVoice({ clock }, engine, open, signal);
      return closedInTime(voice, engine);
    } catch (error) {
      await release(engine);
      throw error;
    }
  };

  function closedInTime(voice: Voice, engine: TokenEngine): Voice {
    let isClosed = false;
    const cancel = clock.after(limits.referenceMsMax, close);
    return { ...voice, close };

    function close(): void {
      if (isClosed) return;
      isClosed = true;
      cancel();
      voice.close();
      void release(engine);
    }
  }
}

function refusal(code: string, message: string): HoldfastError {
  return new HoldfastError(message, { code, fault: "peer" });
}
