import type { Http2Session } from "node:http2";
import type { Clock } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";

export interface Heartbeat {
  /** Beats while attempts are open. */
  start(): void;
  stop(): void;
}

/**
 * Finds out that a peer is there no more although its connection stands: a stopped process, a cable pulled. One ping
 * every `heartbeatMs`; after `heartbeatMisses` in a row without an answer, `onSilent` is called once.
 */
export function createHeartbeat(
  clock: Clock,
  session: Http2Session,
  onSilent: (detail: string) => void,
): Heartbeat {
  let cancel: (() => void) | undefined;
  /** A ping is out. A second one behind it could only tell the same. */
  let waiting = false;
  let misses = 0;
  let heardAt = clock.now();

  function ping(): void {
    if (waiting || session.destroyed) return;
    waiting = session.ping((error) => {
      if (error !== null) return;
      waiting = false;
      misses = 0;
      heardAt = clock.now();
    });
  }

  function beat(): void {
    if (waiting) misses += 1;
    if (misses >= limits.heartbeatMisses) {
      onSilent(`no heartbeat for ${Math.round(clock.now() - heardAt)} ms`);
      return;
    }
    cancel = clock.after(limits.heartbeatMs, beat);
    ping();
  }

  return {
    start() {
      if (cancel !== undefined) return;
      ping();
      // One that lay idle may have died unnoticed: it answers as fast as a fresh one would connect, or is given up.
      const idle = clock.now() - heardAt > limits.heartbeatMs;
      misses = idle ? limits.heartbeatMisses - 1 : 0;
      cancel = clock.after(idle ? limits.connectMsMax : limits.heartbeatMs, beat);
    },
    stop() {
      cancel?.();
      cancel = undefined;
    },
  };
}
