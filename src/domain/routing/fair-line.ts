import type { Ms } from "../ids.ts";
import { keysOf, type Share, type Shares } from "./shares.ts";

/** A job that waits until enough seats are free for it. */
export interface Waiting {
  readonly client: Client;
  readonly enteredAt: Ms;
  /** Waiting longer than this is refused, whatever its deadline. */
  readonly patienceMs: Ms;
  /** When its answer would have to be whole. */
  readonly deadlineAt: Ms;
}

/** Whose a job is: an account, and a user of it. Turns are shared out among accounts, then among an account's users. */
export interface Client {
  readonly account: string;
  readonly user: string;
}

/** Who gives up its place, and for how long it would have had to wait on; unknown before any job has ended. */
export interface Turned<Job> {
  readonly job: Job;
  readonly waitMs: Ms | undefined;
}

export interface LineFigures {
  readonly waiting: number;
  readonly running: number;
  /** Accounts that wait. */
  readonly clients: number;
  /** What jobs take from their beginning to their end; undefined before the first has ended. */
  readonly answerMs: Ms | undefined;
  /** What a newcomer would have to wait; undefined as above. */
  readonly waitMs: Ms | undefined;
}

/**
 * The jobs that wait for the seats of one model, and whose turn it is. One order decides everything: its first is the
 * next to begin, its last gives way when the line is full, and a place in it, by the pace at which seats come free,
 * says how long the wait will be. Whoever would wait in vain is refused at once rather than in the end.
 */
export interface FairLine<Job extends Waiting> {
  /** Takes a job in; if that is one too many, names who has to go: the newcomer itself when nobody has more. */
  enter(job: Job): Turned<Job> | undefined;
  /** Whose turn it is. */
  next(): Job | undefined;
  /** There are seats for this job. */
  begin(job: Job, now: Ms): void;
  /** This job is over, having waited or run. */
  leave(job: Job, now: Ms): void;
  /** Lets go of those that could not be answered in time any more. */
  late(now: Ms): Turned<Job>[];
  figures(): LineFigures;
}

/** `shares`: common to all lines between which seats are shared. */
export function createFairLine<Job extends Waiting>(waitingMax: number, shares: Shares): FairLine<Job> {
  let waiting: Job[] = [];
  const running = new Map<Job, Ms>();
  let answerMs: Ms | undefined;
  /** Jobs that run at once, as a rule: for a moment there may be fewer, where a server asked for a pause. */
  let atOnce = 0;

  /** Kept until anybody's share changes: whose turn it is, is asked much more often. */
  let turns: readonly Job[] = [];
  let turnsOf = -1;

  function order(): readonly Job[] {
    if (turnsOf !== shares.version()) turns = inTurn(waiting, shares.of);
    turnsOf = shares.version();
    return turns;
  }

  /** Seats come free as often as running jobs end (Little's law). */
  const waitAt = (place: number) =>
    answerMs === undefined ? undefined : ((place + 1) * answerMs) / Math.max(1, atOnce);
  /** Until when it may wait and still be answered in its time. */
  const usefulUntil = ({ enteredAt, patienceMs, deadlineAt }: Job) =>
    Math.min(enteredAt + patienceMs, deadlineAt - answersSpared * (answerMs ?? 0));

  function remove(job: Job): void {
    const before = waiting.length;
    waiting = waiting.filter((other) => other !== job);
    if (waiting.length < before) shares.ends(job.client, "waiting");
  }

  return {
    enter(job) {
      waiting.push(job);
      shares.waits(job.client);
      if (waiting.length <= waitingMax) return undefined;
      const last = order().at(-1)!;
      remove(last);
      return { job: last, waitMs: waitAt(waitingMax) };
    },
    next: () => order()[0],
    begin(job, now) {
      waiting = waiting.filter((other) => other !== job);
      shares.begins(job.client);
      running.set(job, now);
      atOnce = Math.max(atOnce, running.size);
    },
    leave(job, now) {
      const begunAt = running.get(job);
      if (begunAt === undefined) return remove(job);
      atOnce += (running.size - atOnce) / answersWeighed;
      running.delete(job);
      answerMs =
        answerMs === undefined ? now - begunAt : answerMs + (now - begunAt - answerMs) / answersWeighed;
      shares.ends(job.client, "running");
    },
    late(now) {
      let place = 0;
      const late = order().flatMap((job) => {
        const waitMs = waitAt(place);
        const until = usefulUntil(job);
        if (now < until && now + (waitMs ?? 0) <= until) {
          place += 1;
          return [];
        }
        return [{ job, waitMs }];
      });
      for (const { job } of late) remove(job);
      return late;
    },
    figures: () => ({
      ...{ waiting: waiting.length, running: running.size, answerMs, waitMs: waitAt(waiting.length) },
      clients: new Set(waiting.map(({ client }) => client.account)).size,
    }),
  };
}

/** Answers that the usual time of one, and how many run at once, are reckoned over. */
const answersWeighed = 16;

/** Time that must be left when a job begins, in usual answers: after only one, half of those begun would come too late. */
const answersSpared = 2;

/**
 * As if nobody ended any more: round after round, whoever has the fewest seats by then is given one, of equals whoever
 * has waited longest for a turn. A client's own jobs keep their order.
 */
function inTurn<Job extends Waiting>(
  jobs: readonly Job[],
  shareOf: (key: string) => Share,
  level = 0,
): Job[] {
  if (jobs.length <= 1 || level === 2) return [...jobs];
  const groups = Map.groupBy(jobs, ({ client }) => keysOf(client)[level]!);
  return [...groups]
    .flatMap(([key, own]) => {
      const { running, turn } = shareOf(key);
      return inTurn(own, shareOf, level + 1).map((job, index) => ({ job, round: running + index, turn }));
    })
    .sort((a, b) => a.round - b.round || a.turn - b.turn)
    .map(({ job }) => job);
}
