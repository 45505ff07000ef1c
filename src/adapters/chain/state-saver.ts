import type { Log } from "../../ports.ts";
import { failureText } from "./chain-error.ts";

interface StateSource {
  blockNumber(): Promise<bigint>;
  state(): Promise<Uint8Array>;
}

export interface StateSaver {
  /** Saves now; rejects with what went wrong. */
  save(): Promise<void>;
  close(): void;
}

interface SaverOptions {
  readonly write: (json: Uint8Array) => void;
  readonly everyMs: number;
  readonly log: Log;
}

/** Asks for the state after each new block and hands it to `write`. What goes wrong is logged once, and tried again. */
export function startStateSaver(chain: StateSource, { write, everyMs, log }: SaverOptions): StateSaver {
  let saved: bigint | undefined;
  let failing = false;
  let closed = false;
  let timer: NodeJS.Timeout;
  let last: Promise<void> = Promise.resolve();

  async function save(): Promise<void> {
    const block = await chain.blockNumber();
    write(await chain.state());
    saved = block;
  }

  async function tick(): Promise<void> {
    const begunAt = performance.now();
    try {
      if ((await chain.blockNumber()) !== saved) await queue();
      if (failing) log.info("chain.saved-again");
      failing = false;
    } catch (error) {
      // A chain that is gone is told of by its exit.
      if (!failing && !closed) log.error("chain.not-saved", { why: failureText(error) });
      failing = true;
    }
    // A large state takes long to write: never more than a tenth of the time.
    const pauseMs = Math.max(everyMs, 9 * (performance.now() - begunAt));
    if (!closed) timer = setTimeout(tick, pauseMs);
  }

  /** One save at a time, in order: an older state never replaces a newer one. */
  function queue(): Promise<void> {
    last = last.catch(() => {}).then(save);
    return last;
  }

  timer = setTimeout(tick, 0);
  return {
    save: queue,
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
