import type { Ms } from "../../../domain/ids.ts";
import type { Clock } from "../../../ports.ts";
import { limits } from "../../../protocol/limits.ts";
import { gatewayClosing, type Refusal } from "../../../protocol/openai.ts";
import type { Call } from "../backend.ts";
import { clientOf } from "../client.ts";
import type { Line, Place } from "../line.ts";
import { allTaken } from "./failure.ts";
import type { Fleet } from "./fleet.ts";
import type { JobOptions } from "./job.ts";

/** One call, from its place in the line to the end of its answer. */
export interface Turn {
  begin(): void;
  /** The gateway is stopped: it ends, explicitly. */
  close(): void;
}

export interface TurnOptions {
  readonly call: Call;
  readonly fleet: Fleet;
  /** Upstreams it needs at once. */
  readonly seats: number;
  /** Until its first content, or its whole answer without streaming; the wait for its turn included. */
  readonly deadlineMs: Ms;
  /** Makes the job that runs once there are seats for it. */
  readonly job: (chance: Pick<JobOptions, "deadlineMs" | "putOff" | "over">) => Turn;
  /** Called once, when nothing of the call is under way any more. */
  readonly over: () => void;
}

export function takeTurn(
  { clock, line }: { readonly clock: Clock; readonly line: Line },
  { call, fleet, seats, deadlineMs, job, over }: TurnOptions,
): Turn {
  const { model } = call.body;
  const deadlineAt = clock.now() + deadlineMs;
  // Where another model can answer, it gets its share of the time.
  const share = call.replaceable === true ? deadlineMs / 2 : deadlineMs;
  const waitsUntil = clock.now() + Math.min(share, limits.jobWaitMsMax);
  let place: Place | undefined;
  let running: Turn | undefined;
  let turnsLeft = turnsMax;
  let cancelWait: (() => void) | undefined;
  let isOver = false;

  function end(): void {
    if (isOver) return;
    isOver = true;
    cancelWait?.();
    place?.leave();
    over();
  }

  function refuse(refusal: Refusal): void {
    end();
    call.reply.refuse(refusal);
  }

  function enter(): void {
    const streaming = call.body["stream"] === true;
    place = line.enter(model, {
      client: clientOf(call),
      // Of a stream only the beginning must come in time.
      deadlineAt: streaming ? Number.POSITIVE_INFINITY : deadlineAt,
      patienceMs: waitsUntil - clock.now(),
      hasRoom: () => fleet.hasRoomFor(model, seats, clock.now()),
      begin,
      refuse: (waitMs) => refuse(allTaken(waitMs)),
    });
    if (isOver) place.leave();
  }

  function begin(): void {
    let again: Ms | undefined;
    turnsLeft -= 1;
    running = job({
      deadlineMs: Math.max(1, deadlineAt - clock.now()),
      putOff(waitMs) {
        const mostMs = Math.max(waitMs, fleet.pauseMs(model, clock.now()));
        again = turnsLeft > 0 && clock.now() + mostMs < waitsUntil ? waitMs : undefined;
        return again !== undefined;
      },
      over: () => (again === undefined ? end() : reenter(again)),
    });
    running.begin();
  }

  /** Somebody was busier than had been let on: it waits as those do who come now, or who come after that wait. */
  function reenter(waitMs: Ms): void {
    running = undefined;
    place?.leave();
    call.reply.onAbort(end);
    // Not in the line, where it would keep others from those who fail for it and not for them.
    if (waitMs === 0) enter();
    else cancelWait = clock.after(waitMs, enter);
  }

  return {
    begin() {
      call.reply.onAbort(end);
      const pauseMs = fleet.pauseMs(model, clock.now());
      if (pauseMs > limits.jobWaitMsMax) refuse(allTaken(pauseMs));
      else enter();
    },
    close: () => (running === undefined ? refuse(gatewayClosing) : running.close()),
  };
}

/** Turns of one call. Who was turned away so often is told: a quota that is spent looks like want of seats. */
const turnsMax = 4;
