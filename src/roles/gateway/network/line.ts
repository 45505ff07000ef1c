import type { Clock } from "../../../ports.ts";
import { limits } from "../../../protocol/limits.ts";

/** Jobs that wait for room, first come first served. Bounded in number and time: beyond either they are refused. */
export interface Line {
  /** Calls `begin` as soon as `hasRoom` and nobody is before it, else `refuse`; returns how to leave the line. */
  enter(job: Waiting): () => void;
  /** Room may have come free. */
  look(): void;
}

export interface Waiting {
  readonly hasRoom: () => boolean;
  readonly begin: () => void;
  readonly refuse: () => void;
}

export function createLine(clock: Clock): Line {
  let waiting: Array<Waiting & { cancel: () => void }> = [];

  function leave(job: Waiting): void {
    waiting = waiting.filter((other) => other !== job);
  }

  function look(): void {
    for (let first = waiting[0]; first?.hasRoom(); first = waiting[0]) {
      first.cancel();
      leave(first);
      first.begin();
    }
  }

  return {
    enter(job) {
      if (waiting.length >= limits.jobsWaitingMax) {
        job.refuse();
        return () => {};
      }
      const place = { ...job, cancel: () => {} };
      place.cancel = clock.after(limits.jobWaitMsMax, () => {
        leave(place);
        job.refuse();
      });
      waiting.push(place);
      look();
      return () => {
        place.cancel();
        leave(place);
        look();
      };
    },
    look,
  };
}
