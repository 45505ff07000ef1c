import type { Ms } from "../ids.ts";
import { advance } from "./advance.ts";
import { leave } from "./cast.ts";
import { draftOf, stateOf } from "./draft.ts";
import type { JobEffect } from "./effect.ts";
import { endJob } from "./ending.ts";
import type { JobEvent } from "./event.ts";
import {
  heardChunk,
  heardJudgement,
  heardProspects,
  heardRead,
  heardReady,
  heardRefusal,
} from "./hearing.ts";
import { promptTokensMost } from "./prompt-size.ts";
import { heardProof } from "./proving.ts";
import type { JobSpec, Policy } from "./spec.ts";
import type { JobState, Prospect } from "./state.ts";
import { wakeAt } from "./waiting.ts";

/**
 * One request's life: who speaks, who witnesses, what may reach the application, when to switch and how it ends.
 *
 * Whatever the order of tokens, judgements, silences, losses and ends, three things hold (job.property.test.ts):
 * what was delivered is a gapless prefix of one answer without repetition; nothing is added once a delivered token
 * stands rejected; the job ends exactly once.
 */
export interface Step {
  readonly state: JobState;
  readonly effects: readonly JobEffect[];
}

export interface JobOptions {
  readonly spec: Pick<JobSpec, "job" | "prompt"> & {
    readonly tokensMax: number | undefined;
    readonly sampling?: { readonly schema?: string };
  };
  readonly policy: Policy;
  readonly tokensDefault: number;
  readonly contextTokens: number;
  /** Do any providers of the model have a stake? */
  readonly staked: boolean;
  readonly prospects: readonly Prospect[];
}

export function begin(options: JobOptions, now: Ms): Step {
  const { spec, policy, prospects, tokensDefault, contextTokens, staked } = options;
  return settle(
    {
      job: spec.job,
      policy,
      tokensMax: spec.tokensMax,
      formed: spec.sampling?.schema !== undefined,
      tokensDefault,
      contextTokens,
      promptTokensMost: Math.min(contextTokens, promptTokensMost(spec.prompt)),
      startedAt: now,
      deadlineAt: now + policy.deadlineMs,
      ended: false,
      prospects,
      prospectsAt: now,
      lostAt: Number.NEGATIVE_INFINITY,
      seeking: false,
      seekAfter: now,
      nobodyLeft: false,
      aloneSince: undefined,
      attempts: [],
      attemptNext: 0,
      floor: [],
      speakers: 0,
      fruitless: 0,
      switches: 0,
      announced: undefined,
      failures: [],
      barred: [],
      staked,
      strangers: [],
      sampling: [],
      unverified: [],
      busy: 0,
      blamers: [],
      base: undefined,
      held: [],
      unaccepted: 0,
      doubted: [],
      delivered: 0,
      deliveredAt: now,
      deliveredTokens: 0,
      acceptedTokens: 0,
      satisfied: undefined,
      completeAt: undefined,
      proof: undefined,
      rounds: 0,
      disputedAt: undefined,
      disputedSince: undefined,
    },
    { kind: "tick" },
    now,
    false,
  );
}

/**
 * `mayHedge`: the gateway can afford an attempt on suspicion; at most one comes of it. `deadlineAt`: when the job is
 * over, where that has come nearer.
 */
export function step(
  state: JobState,
  event: JobEvent,
  now: Ms,
  mayHedge: boolean,
  deadlineAt: Ms = state.deadlineAt,
): Step {
  if (state.ended) return { state, effects: [] };
  return settle({ ...state, deadlineAt }, event, now, mayHedge);
}

function settle(state: JobState, event: JobEvent, now: Ms, mayHedge: boolean): Step {
  const draft = draftOf(state, now, mayHedge);
  take(draft, event);
  if (!draft.ended) advance(draft);
  if (!draft.ended) draft.effects.push({ kind: "wake", at: wakeAt(draft) });
  return { state: stateOf(draft), effects: draft.effects };
}

/** Writes down what happened. What follows from it is `advance`'s business, the same after every event. */
function take(draft: ReturnType<typeof draftOf>, event: JobEvent): void {
  switch (event.kind) {
    case "prospects":
      return heardProspects(draft, event);
    case "ready":
      return heardReady(draft, event);
    case "read":
      return heardRead(draft, event);
    case "chunk":
      return heardChunk(draft, event);
    case "judged":
    case "rejected":
      return heardJudgement(draft, event);
    case "refused":
      return heardRefusal(draft, event);
    case "lost":
      return leave(draft, event.attempt, event.cause === "garbage" ? "garbage" : "lost");
    case "proved":
      return heardProof(draft, event);
    case "satisfied":
      draft.satisfied ??= draft.delivered;
      return;
    case "cancelled":
      return endJob(draft);
    case "tick":
      return;
  }
}
