import { HoldfastError } from "../../protocol/errors.ts";

/** Calls on something that can do one thing at a time. */
export interface Turns {
  /** One after the other, in the order they came. Throws HoldfastError `closed` once closed, also what was waiting. */
  take<T>(work: () => Promise<T>): Promise<T>;
  /** Takes no more. What is running cannot be stopped: released is only when it is over, once. */
  close(): void;
}

export function createTurns(release: () => void): Turns {
  let closed = false;
  let turn: Promise<unknown> = Promise.resolve();
  return {
    take(work) {
      const result = turn.then(() => {
        if (closed)
          throw new HoldfastError("This sequence was closed.", { code: "closed", fault: "holdfast" });
        return work();
      });
      turn = result.catch(() => undefined);
      return result;
    },
    close() {
      if (closed) return;
      closed = true;
      turn.then(release, release);
    },
  };
}
