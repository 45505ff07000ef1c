import { budgets } from "./budgets.ts";
import { answerEnd, leave, mayBeAsked, setTerms } from "./cast.ts";
import { type Chunk, chunkEnd } from "./chunk.ts";
import { attemptOf, changeAttempt, type Draft } from "./draft.ts";
import type { JobEvent } from "./event.ts";
import { rhythmAfter } from "./rhythm.ts";
import type { Attempt, JobState } from "./state.ts";
import { transcriptNext } from "./transcript.ts";

/** What providers say, written down. Whoever breaks the protocol's own rules leaves at once. */

type Heard<Kind extends JobEvent["kind"]> = Extract<JobEvent, { kind: Kind }>;

export function heardProspects(draft: Draft, { prospects }: Heard<"prospects">): void {
  draft.prospects = prospects;
  draft.seeking = false;
  draft.nobodyLeft = !prospects.some((prospect) => mayBeAsked(draft, prospect));
  draft.seekAfter = draft.now + budgets.seekAgainMs;
}

export function heardReady(draft: Draft, { attempt: id, promptTokens, promptDigest }: Heard<"ready">): void {
  if (attemptOf(draft, id)?.ready !== undefined) return leave(draft, id, "garbage");
  changeAttempt(draft, id, { ready: { promptTokens, promptDigest }, heardAt: draft.now });
  setTerms(draft, id);
}

export function heardRead(draft: Draft, { attempt: id }: Heard<"read">): void {
  const attempt = attemptOf(draft, id);
  if (attempt === undefined) return;
  if (attempt.ready === undefined || attempt.readAt !== undefined) return leave(draft, id, "garbage");
  changeAttempt(draft, id, { readAt: draft.now, heardAt: draft.now });
}

/** What the signature of a chunk heard now must cover; undefined while nobody may speak. */
export function transcriptAfter(state: JobState | Draft, chunk: Chunk): Uint8Array | undefined {
  const before = state.held.at(-1)?.digest ?? state.base?.digest;
  return before === undefined ? undefined : transcriptNext(before, chunk);
}

export function heardChunk(draft: Draft, event: Heard<"chunk">): void {
  const attempt = attemptOf(draft, event.attempt);
  if (attempt === undefined || event.branch !== draft.branch || isComplete(draft)) return;
  if (draft.speaker?.attempt !== attempt.id) return leave(draft, attempt.id, "garbage");
  const { chunk } = event;
  const digest = transcriptAfter(draft, chunk);
  if (digest === undefined || !event.authentic || !inPlace(draft, attempt, chunk)) {
    return leave(draft, attempt.id, "garbage");
  }
  const { peer, sessionKey } = attempt;
  draft.held.push({ chunk, speaker: peer, sessionKey, heardAt: draft.now, digest, accepts: [], rejects: [] });
  const { speaker } = draft;
  draft.fruitless = 0;
  draft.speaker = {
    ...speaker,
    saidAt: draft.now,
    firstMs:
      speaker.saidAt === undefined
        ? draft.now - Math.max(speaker.toldAt, attempt.readAt ?? 0)
        : speaker.firstMs,
    rhythm:
      speaker.saidAt === undefined ? speaker.rhythm : rhythmAfter(speaker.rhythm, draft.now - speaker.saidAt),
  };
  changeAttempt(draft, attempt.id, { heardAt: draft.now, shown: draft.held.length });
  if (isComplete(draft)) draft.completeAt = draft.now;
}

export function heardJudgement(draft: Draft, event: Heard<"judged"> | Heard<"rejected">): void {
  const attempt = attemptOf(draft, event.attempt);
  if (attempt === undefined || event.branch !== draft.branch) return;
  const shown = draft.held[attempt.shown - 1];
  const shownEnd = shown === undefined ? 0 : chunkEnd(shown.chunk);
  const wasShown = draft.held.slice(0, attempt.shown).some(({ chunk }) => chunkEnd(chunk) === event.through);
  if (!attempt.witness || !wasShown || event.through < attempt.judged) {
    return leave(draft, attempt.id, "garbage");
  }
  // Saying the same again is no sign of work: who only does that is waited for no longer than who says nothing.
  if (event.through === attempt.judged && event.through < shownEnd) return;
  draft.held = draft.held.map((held) => {
    const { start } = held.chunk;
    const judgedNow =
      chunkEnd(held.chunk) <= event.through && start >= attempt.judged && held.speaker !== attempt.peer;
    const voted = held.accepts.includes(attempt.peer) || held.rejects.includes(attempt.peer);
    if (!judgedNow || voted || held.chunk.ids.length === 0) return held;
    const name = event.kind === "rejected" && start >= event.start ? "rejects" : "accepts";
    return { ...held, [name]: [...held[name], attempt.peer] };
  });
  changeAttempt(draft, attempt.id, {
    heardAt: draft.now,
    judged: event.through,
    owesSince: event.through < shownEnd ? draft.now : undefined,
  });
}

export function heardRefusal(draft: Draft, { attempt: id, code, message }: Heard<"refused">): void {
  const attempt = attemptOf(draft, id);
  if (attempt === undefined) return;
  // Who was ready had accepted the request: what it says of it later is its own failure.
  const blamesUs = attempt.ready === undefined && (code === "context-overflow" || code === "bad-request");
  if (blamesUs) draft.blamers = [...draft.blamers, { peer: attempt.peer, code, message }];
  if (code === "busy") {
    draft.busy += 1;
    // Being busy says nothing about the answer: it uses up none of the tries.
    if (draft.speaker?.attempt === id) draft.fruitless -= 1;
  }
  leave(draft, id, code === "busy" ? "busy" : blamesUs ? "unused" : "refused");
}

/** Nothing more is to be said: the answer has its end marker, or the application has enough. */
export function isComplete(state: JobState | Draft): boolean {
  return state.satisfied !== undefined || state.held.at(-1)?.chunk.end !== undefined;
}

/** Longest answer of this job, tokens. */
export function answerLimit(state: JobState | Draft): number {
  const room = state.contextTokens - (state.base?.promptTokens ?? 0);
  return state.tokensMax ?? Math.max(1, Math.min(state.tokensDefault, room));
}

/**
 * Is it the next part of the answer, and within its limit? A node that shows no logits counts characters, not the
 * model's tokens: the limit is its engine's to keep, but the text must be what the ids say, or positions bound nothing.
 */
function inPlace(draft: Draft, attempt: Attempt, chunk: Chunk): boolean {
  if (chunk.start !== answerEnd(draft)) return false;
  if (!attempt.witness) return (chunk.ids.length > 0 || chunk.end !== undefined) && spellsText(chunk);
  const limit = answerLimit(draft);
  const end = chunkEnd(chunk);
  return (
    chunk.ids.length > 0 &&
    end <= limit &&
    (chunk.end === "length" ? end === limit : end < limit || chunk.end === "stop")
  );
}

/** Are the ids the code points of the text, one for one? */
function spellsText({ ids, text }: Chunk): boolean {
  const points = [...text].map((character) => character.codePointAt(0));
  return points.length === ids.length && points.every((point, index) => point === ids[index]);
}
