import { formOf } from "../../../domain/grammar/form.ts";
import type { PeerId } from "../../../domain/ids.ts";
import type { Chunk } from "../../../domain/inference/chunk.ts";
import type { JobEffect, Outcome } from "../../../domain/inference/effect.ts";
import type { JobEvent } from "../../../domain/inference/event.ts";
import { transcriptAfter } from "../../../domain/inference/hearing.ts";
import { begin, type Step, step } from "../../../domain/inference/job.ts";
import { isUnwatched } from "../../../domain/inference/spec.ts";
import type { AttemptId, JobState } from "../../../domain/inference/state.ts";
import type { Word } from "../../../protocol/attempt.ts";
import { limits } from "../../../protocol/limits.ts";
import { createAttempts } from "./attempts.ts";
import { createJobClock } from "./job-clock.ts";
import type { JobListener, JobRequest, Roster, RunningJob, RunPorts } from "./job-ports.ts";
import { createJobProof } from "./job-proof.ts";
import { openOrderOf } from "./open-order.ts";
import { eventOf, isOther, isProofWord } from "./word-event.ts";

/** Performs one job's effects over the network and feeds what comes back to the rules, one event at a time. */
export function runJob(
  ports: RunPorts,
  roster: Roster,
  request: JobRequest,
  listener: JobListener,
): RunningJob {
  const { log } = ports;
  const { job, sampling } = request.spec;
  const form = sampling.schema === undefined ? undefined : formOf(sampling.schema, limits);
  const endAt = ports.clock.now() + request.policy.deadlineMs;
  const clock = createJobClock(ports.clock, endAt);
  const events: JobEvent[] = [];
  let state: JobState;
  let busy = false;
  const attempts = createAttempts({ ...ports, roster }, job, { heard, lost });
  const proof = createJobProof(ports, roster, request, {
    ...{ attempts, state: () => state, profileOf },
    proved: (finding) => happen({ kind: "proved", finding }),
  });

  busy = true;
  perform(begin(request, clock.now()));
  busy = false;
  drain();
  return {
    satisfy: () => happen({ kind: "satisfied" }),
    cancel: () => happen({ kind: "cancelled" }),
  };

  function happen(event: JobEvent): void {
    events.push(event);
    drain();
  }

  /** Effects may bring about events; those are taken up only after all effects of their step. */
  function drain(): void {
    if (busy) return;
    busy = true;
    try {
      for (let event = events.shift(); event !== undefined; event = events.shift()) {
        perform(step(state, event, clock.now(), roster.mayHedge(), clock.endAt()));
      }
    } finally {
      // Whatever a listener does, the job must not be deaf afterwards.
      busy = false;
    }
  }

  function perform({ state: next, effects }: Step): void {
    state = next;
    for (const effect of effects) apply(effect);
    if (!state.ended) return;
    clock.cancel();
    proof.cancel();
  }

  function apply(effect: JobEffect): void {
    switch (effect.kind) {
      case "open":
        if (effect.hedge) roster.hedged();
        return open(effect.attempt, effect.peer);
      case "show":
        return attempts.send(effect.attempt, { t: "said", chunk: effect.chunk, speaker: effect.speaker });
      case "drop":
        return attempts.send(effect.attempt, { t: "drop", to: effect.to, branch: effect.branch });
      case "speak":
        return attempts.send(effect.attempt, { t: "speak", from: effect.from });
      case "prove":
        return proof.prove(effect);
      case "seal":
        return proof.seal(effect);
      case "close":
        if (attempts.close(effect.attempt)) proof.lost(effect.attempt);
        return;
      case "seek":
        events.push({ kind: "prospects", prospects: roster.prospects(effect.without) });
        return;
      case "outcome":
        return learn(effect);
      case "wake":
        return clock.wake(effect.at, () => happen({ kind: "tick" }));
      case "finish":
        roster.answered();
        return listener(effect, proof.keep());
      case "deliver":
      case "fail":
        return listener(effect);
    }
  }

  function open(attempt: AttemptId, peer: PeerId): void {
    const deadlineMs = Math.max(1, endAt - ports.clock.now());
    const seal = isUnwatched(request.policy);
    attempts.open(attempt, peer, openOrderOf(request, { deadlineMs, audit: proof.promise, seal }));
  }

  function learn(effect: Extract<JobEffect, { kind: "outcome" }>): void {
    const { peer, outcome } = effect;
    if (!harmless.has(outcome)) log.info("attempt-ended", { job, peer, outcome });
    roster.learnt({
      ...{ ...effect, since: clock.real(effect.since) },
      ...(peer === proof.unsealed() && outcome === "completed" ? { outcome: "silent" } : {}),
    });
  }

  function heard(attempt: AttemptId, word: Word): void {
    if (isProofWord(word)) return proof.heard(attempt, word);
    if (word.t === "chunk" && word.commit !== undefined) proof.sealed(attempt, word.commit);
    const profile = profileOf(attempt);
    if (word.t === "ready" && isOther(word.profile, profile)) log.info("other-profile", { job, attempt });
    if (word.t === "rejected") {
      const { at, reason, margin } = word;
      const peer = state.attempts.find(({ id }) => id === attempt)?.peer;
      log.info("chunk-rejected", { job, attempt, peer, at, reason, margin });
    }
    const isSound = (chunk: Chunk) => isAuthentic(attempt, chunk) && fitsForm(chunk);
    happen(eventOf(attempt, word, { profile, isSound }));
  }

  function lost(attempt: AttemptId, cause: string): void {
    proof.lost(attempt);
    happen({ kind: "lost", attempt, cause });
  }

  /** The numeric profile its offer states for this model; undefined when there is no such offer any more. */
  function profileOf(id: AttemptId): string | undefined {
    const peer = state.attempts.find((each) => each.id === id)?.peer;
    const offer = peer && roster.offerOf(peer);
    return offer?.models.find((model) => model.id === request.spec.model)?.profile;
  }

  function isAuthentic(id: AttemptId, chunk: Chunk): boolean {
    const attempt = state.attempts.find((each) => each.id === id);
    const digest = transcriptAfter(state, id, chunk);
    return (
      attempt !== undefined &&
      digest !== undefined &&
      ports.verify(attempt.sessionKey, digest, chunk.signature)
    );
  }

  /** What does not fit the schema asked for is no answer to it, whoever would accept it. */
  function fitsForm(chunk: Chunk): boolean {
    return form?.fits(state.held.at(-1)?.chunk, chunk) ?? true;
  }
}

/** Nothing an operator need know of. */
const harmless: ReadonlySet<Outcome> = new Set(["completed", "vouched", "unused"]);
