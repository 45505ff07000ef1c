import type { Ms } from "../../domain/ids.ts";
import { type Client, createFairLine, type FairLine, type Waiting } from "../../domain/routing/fair-line.ts";
import { createShares } from "../../domain/routing/shares.ts";
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
  /** Its last turn: when a job of it began, counted in jobs that did. */
  turn: number;
}

/** How often lines in which somebody waits are looked at, ms: seats come free at other gateways too, and time passes. */
const lookMs = 250;

export function createLine(clock: Clock): Line {
  const lanes = new Map<string, Lane>();
  /** Common to all lines: whoever has many seats for one model has many. */
  const shares = createShares();
  let turns = 0;
  /** All will be looked at again in a moment. */
  let watched = false;

  let looking = false;
  let isToLookAgain = false;

  /** Whoever begins or is refused may bring about another look: that is taken after this one, not within it. */
  function look(): void {
    isToLookAgain = true;
    if (looking) return;
    looking = true;
    try {
      while (isToLookAgain) lookOnce();
    } finally {
      looking = false;
    }
    watch();
  }

  /** Whoever has room begins, and whoever would wait in vain is told so. */
  function lookOnce(): void {
    isToLookAgain = false;
    const without = new Set<Entered>();
    for (let lane = next(without); lane !== undefined; lane = next(without)) begin(lane);
    for (const lane of lanes.values()) {
      for (const { job, waitMs } of lane.line.late(clock.now())) refuse(lane, job, waitMs);
    }
  }

  function watch(): void {
    if (watched || waiting().length === 0) return;
    watched = true;
    clock.after(lookMs, () => {
      watched = false;
      look();
    });
  }

  const waiting = () => [...lanes.values()].filter(({ line }) => line.next() !== undefined);
  const seatsOf = ({ line }: Lane) => shares.of(line.next()!.client.account).running;

  /**
   * The line whose first may begin. One server's seats are shared by all its models: like those within a line, they go
   * to whoever has the fewest, of equals to the line that has waited longest for a turn. `without`: those that had no
   * room a moment ago, which is much to find out; more begin meanwhile, which makes none.
   */
  function next(without: Set<Entered>): Lane | undefined {
    const inTurn = waiting().sort((a, b) => seatsOf(a) - seatsOf(b) || a.turn - b.turn);
    return inTurn.find(({ line }) => {
      const job = line.next()!;
      if (without.has(job)) return false;
      if (job.hasRoom()) return true;
      without.add(job);
      return false;
    });
  }

  function begin(lane: Lane): void {
    const job = lane.line.next()!;
    turns += 1;
    lane.turn = turns;
    lane.line.begin(job, clock.now());
    job.begin();
  }

  function leave(lane: Lane, job: Entered): void {
    lane.line.leave(job, clock.now());
    look();
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
      const figures = line.figures();
      if (lanes.size >= limits.linesMax && figures.waiting + figures.running === 0) lanes.delete(name);
    }
    const lane = { line: createFairLine<Entered>(limits.jobsWaitingMax, shares), refused: 0, turn: 0 };
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
      look();
      if (turned !== undefined) refuse(lane, turned.job, turned.waitMs);
      let over = false;
      return {
        leave() {
          if (over) return;
          over = true;
          leave(lane, job);
        },
        waitMs: () => line.figures().waitMs,
      };
    },
    look,
    status: () => [...lanes].map(([model, { line, refused }]) => ({ model, ...line.figures(), refused })),
  };
}
