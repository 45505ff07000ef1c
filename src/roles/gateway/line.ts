import type { Ms } from "../../domain/ids.ts";
import { type Client, createFairLine, type FairLine, type Waiting } from "../../domain/routing/fair-line.ts";
import type { Clock } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";

/** Jobs that wait for free seats: a line for each model, since a full one says nothing about another's seats. */
export interface Line {
  /** Calls `begin` as soon as it is this job's turn and there is room, or else `refuse`, once. */
  enter(model: string, job: Job): Place;
  /** Room may have come free. */
  look(): void;
  /** Each model's line, for `holdfast status`. */
  status(): Record<string, unknown>[];
}

export interface Job {
  readonly client: Client;
  /** When its answer would have to be whole, on the monotonic clock. */
  readonly deadlineAt: Ms;
  /** How long it would wait for its turn, where that is less than anybody may. */
  readonly patienceMs?: Ms;
  readonly hasRoom: () => boolean;
  readonly begin: () => void;
  /** `waitMs`: how long it would have to wait on for its turn, when that can be told. */
  readonly refuse: (waitMs: number | undefined) => void;
}

export interface Place {
  /** The job is over, or no longer wanted: its place, or its seats, are another's. */
  leave(): void;
  /** How long a job that comes now would have to wait, ms; undefined when that cannot be told. */
  waitMs(): number | undefined;
}

type Entered = Job & Waiting;
interface Lane {
  readonly line: FairLine<Entered>;
  refused: number;
  /** It will be looked at again in a moment. */
  watched: boolean;
}

/** How often a line in which somebody waits is looked at, ms: seats come free at other gateways too, and time passes. */
const lookMs = 250;

export function createLine(clock: Clock): Line {
  const lanes = new Map<string, Lane>();

  /** Whoever has room begins, and whoever would wait in vain is told so. */
  function look(lane: Lane): void {
    const { line } = lane;
    for (let next = line.next(); next?.hasRoom(); next = line.next()) {
      line.begin(next, clock.now());
      next.begin();
    }
    for (const { job, waitMs } of line.late(clock.now())) refuse(lane, job, waitMs);
    if (lane.watched || line.next() === undefined) return;
    lane.watched = true;
    clock.after(lookMs, () => {
      lane.watched = false;
      look(lane);
    });
  }

  function refuse(lane: Lane, job: Entered, waitMs: number | undefined): void {
    lane.refused += 1;
    job.refuse(waitMs);
  }

  function laneOf(model: string): Lane {
    const known = lanes.get(model);
    if (known !== undefined) return known;
    // Which models there are is others' word: those whose lines are empty go before the memory is full of them.
    for (const [name, { line }] of lanes) {
      const { waiting, running } = line.figures();
      if (lanes.size >= limits.linesMax && waiting + running === 0) lanes.delete(name);
    }
    const lane = { line: createFairLine<Entered>(limits.jobsWaitingMax), refused: 0, watched: false };
    lanes.set(model, lane);
    return lane;
  }

  return {
    enter(model, asked) {
      const lane = laneOf(model);
      const { line } = lane;
      const patienceMs = Math.min(limits.jobWaitMsMax, asked.patienceMs ?? limits.jobWaitMsMax);
      const job: Entered = { ...asked, enteredAt: clock.now(), patienceMs };
      const turned = line.enter(job);
      look(lane);
      if (turned !== undefined) refuse(lane, turned.job, turned.waitMs);
      let over = false;
      return {
        leave() {
          if (over) return;
          over = true;
          line.leave(job, clock.now());
          look(lane);
        },
        waitMs: () => line.figures().waitMs,
      };
    },
    look() {
      for (const lane of lanes.values()) look(lane);
    },
    status: () => [...lanes].map(([model, { line, refused }]) => ({ model, ...line.figures(), refused })),
  };
}
