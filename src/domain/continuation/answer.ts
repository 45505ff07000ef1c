import { holdAgainst, type Plan } from "./plan.ts";

/** One attempt that is running: one server's part in the answer. */
interface Attempt {
  readonly id: number;
  readonly plan: Plan;
  /** What it said that was not delivered, while it is not the speaker. */
  readonly heard: string;
  /** It said nothing for longer than is usual. */
  readonly silent: boolean;
}

/** One answer on its way to the application, from servers that know nothing of each other. */
export interface Answer {
  readonly limits: AnswerLimits;
  /** Text the application holds. */
  readonly said: string;
  /** Something of substance was delivered: there is no way back to a plain refusal. */
  readonly begun: boolean;
  /** Something was delivered that nobody else can go on from. */
  readonly opaque: boolean;
  readonly speaker: number | undefined;
  /** Oldest first. */
  readonly running: readonly Attempt[];
  readonly asked: number;
  /** Attempts since the last new text. */
  readonly fruitless: number;
  /** Servers that said they have no such model. */
  readonly lacking: number;
  readonly switches: number;
  /** Speaks far too slowly, and is stopped as soon as somebody else is asked. */
  readonly yielding: number | undefined;
  /** Speakers stopped for that. */
  readonly reliefs: number;
  readonly over: boolean;
}

export interface AnswerLimits {
  /** Attempts that may bring no new text, in a row. */
  readonly attemptsMax: number;
  readonly attemptsTotalMax: number;
  readonly atOnceMax: number;
  /** Speakers that are stopped for being slow: when everything is slow, handing on helps nobody. */
  readonly reliefsMax: number;
}

export type AnswerEvent =
  | { readonly t: "begin" }
  /** Answers to `recruit`: somebody was asked, or there is nobody (left) who could go on. */
  | { readonly t: "asked"; readonly attempt: number; readonly plan: Plan }
  | { readonly t: "nobody" }
  /** A piece of answer. `opaque`: with something other than text, which must not be cut. */
  | { readonly t: "heard"; readonly attempt: number; readonly text: string; readonly opaque: boolean }
  /** The server ended its answer, and said so as the protocol wants it. */
  | { readonly t: "finished"; readonly attempt: number }
  /** It says the application's request is wrong. `lacks`: for it, which has no such model; another may have it. */
  | { readonly t: "refused"; readonly attempt: number; readonly lacks: boolean }
  | { readonly t: "lost"; readonly attempt: number }
  | { readonly t: "silent"; readonly attempt: number }
  /** It speaks, far more slowly than it or others do as a rule. */
  | { readonly t: "slow"; readonly attempt: number }
  | { readonly t: "deadline" }
  /** Nothing was said yet, and the rest of the time is another model's. */
  | { readonly t: "late" }
  | { readonly t: "closing" }
  | { readonly t: "hangup" };

export type AnswerEffect =
  | { readonly t: "recruit" }
  /** Pass on the piece just heard, without the first `from` characters of its text. `start`: a new speaker. */
  | { readonly t: "deliver"; readonly attempt: number; readonly from: number; readonly start: boolean }
  /**
   * Stop an attempt. "overtaken": it was silent or slow while another went on. "silent": it was to the end. "differs":
   * it told another story.
   */
  | { readonly t: "cancel"; readonly attempt: number; readonly why: Why }
  /** Exactly one of these three, once, last. None after a hangup. */
  | { readonly t: "finish"; readonly attempt: number }
  | { readonly t: "relay" }
  | { readonly t: "fail"; readonly code: "nobody" | "stuck" | "deadline" | "late" | "closing" };

type Why = "overtaken" | "silent" | "differs" | "unneeded";

export interface Step {
  readonly state: Answer;
  readonly effects: readonly AnswerEffect[];
}

export function newAnswer(limits: AnswerLimits): Answer {
  return {
    limits,
    said: "",
    begun: false,
    opaque: false,
    speaker: undefined,
    running: [],
    asked: 0,
    fruitless: 0,
    lacking: 0,
    switches: 0,
    yielding: undefined,
    reliefs: 0,
    over: false,
  };
}

/**
 * Decides what becomes of everything that servers say. Whatever the order of events, what the application gets is a
 * gapless prefix of one answer without repetition, and it ends exactly once.
 */
export function step(state: Answer, event: AnswerEvent): Step {
  if (state.over) return { state, effects: none };
  switch (event.t) {
    case "begin":
      return { state, effects: [{ t: "recruit" }] };
    case "asked":
      return asked(state, event.attempt, event.plan);
    case "nobody":
      return state.running.length === 0
        ? giveUp(state)
        : { state: { ...state, yielding: undefined }, effects: none };
    case "heard":
      return event.attempt === state.speaker ? spoken(state, event) : overheard(state, event);
    case "finished":
      return finished(state, event.attempt);
    case "refused":
      return refused(state, event.attempt, event.lacks);
    case "lost":
      return lost(state, event.attempt);
    case "silent":
      return silent(state, event.attempt);
    case "slow":
      return slow(state, event.attempt);
    case "deadline":
    case "late":
    case "closing":
      return fail(state, event.t);
    case "hangup":
      return { state: { ...state, over: true, running: [] }, effects: cancelAll(state.running, "silent") };
  }
}

/** May one more attempt be made? */
function mayRecruit({ limits, fruitless, asked: count, opaque }: Answer): boolean {
  return !opaque && fruitless < limits.attemptsMax && count < limits.attemptsTotalMax;
}

const none: readonly AnswerEffect[] = [];
type Heard = Extract<AnswerEvent, { t: "heard" }>;

function asked(state: Answer, id: number, plan: Plan): Step {
  const running = [...state.running, { id, plan, heard: "", silent: false }];
  const next = { ...state, running, asked: state.asked + 1, fruitless: state.fruitless + 1 };
  // Nothing more is taken from who was slow: the other one was told to go on after what it has said by now.
  if (state.yielding !== undefined) {
    const relieved = { ...without(next, state.yielding), yielding: undefined, reliefs: state.reliefs + 1 };
    return {
      state: relieved,
      effects: [{ t: "cancel", attempt: state.yielding, why: "overtaken" }],
    };
  }
  const oldest = running[0];
  if (running.length <= state.limits.atOnceMax || oldest === undefined) return { state: next, effects: none };
  // Room is made only now that somebody else was really asked.
  return {
    state: without(next, oldest.id),
    effects: [{ t: "cancel", attempt: oldest.id, why: "overtaken" }],
  };
}

/** The hot path: the speaker goes on. */
function spoken(state: Answer, { attempt, text, opaque }: Heard): Step {
  const deliver = { t: "deliver", attempt, from: 0, start: false } as const;
  const next = { ...state, said: state.said + text, opaque: state.opaque || opaque, fruitless: 1 };
  const self = state.running[0];
  if (state.running.length === 1 && self?.silent === false) return { state: next, effects: [deliver] };
  // It was only slow. Who was started beside it planned for less text than the application now holds.
  const others = state.running.filter(({ id }) => id !== attempt);
  const running = state.running.filter(({ id }) => id === attempt).map((one) => ({ ...one, silent: false }));
  return { state: { ...next, running }, effects: [deliver, ...cancelAll(others)] };
}

function overheard(state: Answer, { attempt: id, text, opaque }: Heard): Step {
  const attempt = state.running.find((one) => one.id === id);
  if (attempt === undefined) return { state, effects: none };
  const heard = attempt.heard + text;
  const agreement = holdAgainst(attempt.plan, heard);
  if (agreement.state === "goes-on" || (opaque && agreement.state === "agrees" && agreement.whole)) {
    const from = agreement.state === "goes-on" ? agreement.from - attempt.heard.length : text.length;
    // A piece that is not only text cannot be cut.
    if (!opaque || from === 0) return promoted(state, attempt, { from, text, opaque });
  } else if (agreement.state === "agrees" && !opaque) {
    const running = state.running.map((one) => (one.id === id ? { ...one, heard, silent: false } : one));
    return { state: { ...state, running }, effects: none };
  }
  return droppedFor(state, id, "differs");
}

function promoted(
  state: Answer,
  attempt: Attempt,
  { from, text, opaque }: { from: number; text: string; opaque: boolean },
): Step {
  const others = state.running.filter(({ id }) => id !== attempt.id);
  return {
    state: {
      ...state,
      said: state.said + text.slice(from),
      opaque: state.opaque || opaque,
      begun: true,
      speaker: attempt.id,
      running: [{ ...attempt, heard: "", silent: false }],
      fruitless: 1,
      switches: state.switches + (state.begun ? 1 : 0),
    },
    effects: [...cancelAll(others), { t: "deliver", attempt: attempt.id, from, start: true }],
  };
}

function finished(state: Answer, id: number): Step {
  const attempt = state.running.find((one) => one.id === id);
  if (attempt === undefined) return { state, effects: none };
  if (id !== state.speaker) {
    const agreement = holdAgainst(attempt.plan, attempt.heard);
    // It ends before it has said all the application holds: another answer.
    if (agreement.state !== "agrees" || !agreement.whole) return droppedFor(state, id, "differs");
  }
  const others = state.running.filter((one) => one.id !== id);
  const switches = state.switches + (state.begun && id !== state.speaker ? 1 : 0);
  return {
    state: { ...state, over: true, begun: true, running: [], speaker: id, switches },
    effects: [...cancelAll(others), { t: "finish", attempt: id }],
  };
}

function refused(state: Answer, id: number, lacks: boolean): Step {
  if (!state.running.some((one) => one.id === id)) return { state, effects: none };
  const left = without(state, id);
  // A question answered is no attempt lost: ten servers that each say once what they do not have must not end an
  // answer. Once somebody took this very request, it can only be the way of going on that is refused.
  if (lacks || state.begun) {
    const lacking = state.lacking + (lacks ? 1 : 0);
    return refill({ ...left, lacking, fruitless: state.fruitless - 1 }, none);
  }
  // Another may still take what this one finds too long or does not know.
  return left.running.length > 0 ? { state: left, effects: none } : relay(state);
}

function relay(state: Answer): Step {
  return { state: { ...state, over: true, running: [] }, effects: [{ t: "relay" }] };
}

/** Nobody is left to ask. When all that were asked said the same, it is for the application to hear. */
function giveUp(state: Answer): Step {
  return state.lacking > 0 && state.lacking === state.asked ? relay(state) : fail(state, "nobody");
}

function lost(state: Answer, id: number): Step {
  if (!state.running.some((one) => one.id === id)) return { state, effects: none };
  return refill(without(state, id), none);
}

function droppedFor(state: Answer, id: number, why: "differs"): Step {
  return refill(without(state, id), [{ t: "cancel", attempt: id, why }]);
}

function silent(state: Answer, id: number): Step {
  const running = state.running.map((one) => (one.id === id ? { ...one, silent: true } : one));
  return refill({ ...state, running }, none);
}

function slow(state: Answer, id: number): Step {
  const alone = state.speaker === id && state.running.length === 1;
  if (!alone || !mayRecruit(state) || state.reliefs >= state.limits.reliefsMax)
    return { state, effects: none };
  return { state: { ...state, yielding: id }, effects: [{ t: "recruit" }] };
}

/** After somebody was lost or fell silent: is there still somebody to wait for? */
function refill(state: Answer, effects: readonly AnswerEffect[]): Step {
  if (state.running.some((one) => !one.silent)) return { state, effects };
  if (mayRecruit(state)) return { state, effects: [...effects, { t: "recruit" }] };
  if (state.running.length > 0) return { state, effects };
  const failed = state.opaque ? fail(state, "stuck") : giveUp(state);
  return { state: failed.state, effects: [...effects, ...failed.effects] };
}

function fail(state: Answer, code: Extract<AnswerEffect, { t: "fail" }>["code"]): Step {
  return {
    state: { ...state, over: true, running: [] },
    effects: [...cancelAll(state.running, "silent"), { t: "fail", code }],
  };
}

function without(state: Answer, id: number): Answer {
  return {
    ...state,
    running: state.running.filter((one) => one.id !== id),
    speaker: state.speaker === id ? undefined : state.speaker,
  };
}

function cancelAll(attempts: readonly Attempt[], ifSilent: Why = "overtaken"): AnswerEffect[] {
  return attempts.map(({ id, silent: wasSilent }) => ({
    t: "cancel",
    attempt: id,
    why: wasSilent ? ifSilent : "unneeded",
  }));
}
