import type { JobId } from "../ids.ts";
import { blamesRequest } from "./blame.ts";
import { budgets } from "./budgets.ts";
import { answerEnd, leave, mayBeAsked } from "./cast.ts";
import { type Chunk, chunkEnd } from "./chunk.ts";
import { attemptOf, changeAttempt, type Draft, isCalled } from "./draft.ts";
import type { JobEvent } from "./event.ts";
import { takeFloor } from "./floor.ts";
import { paceAfter } from "./pace.ts";
import type { Attempt, AttemptId, Held, JobState } from "./state.ts";
import { keepsTo, limitOf, promptTokensOf } from "./terms.ts";
import { transcriptNext, transcriptStart } from "./transcript.ts";
import { isStranger } from "./votes.ts";
import { castVotes } from "./weighing.ts";

/** What providers say, written down. Whoever breaks the protocol's own rules leaves at once. */

type Heard<Kind extends JobEvent["kind"]> = Extract<JobEvent, { kind: Kind }>;

export function heardProspects(draft: Draft, { prospects }: Heard<"prospects">): void {
  draft.prospects = prospects;
  draft.prospectsAt = draft.now;
  draft.seeking = false;
  draft.nobodyLeft = !prospects.some((prospect) => mayBeAsked(draft, prospect));
  draft.seekAfter = draft.now + budgets.seekAgainMs;
}

export function heardReady(draft: Draft, { attempt: id, promptTokens, promptDigest }: Heard<"ready">): void {
  const attempt = attemptOf(draft, id);
  if (attempt === undefined) return;
  if (attempt.ready !== undefined) return leave(draft, id, "garbage");
  const seen = paceAfter(attempt.seen, { ready: draft.now - attempt.openedAt });
  const ready = { promptTokens, promptDigest, at: draft.now };
  changeAttempt(draft, id, { ready, seen, heardAt: draft.now, lateKnown: false });
}

export function heardRead(draft: Draft, { attempt: id }: Heard<"read">): void {
  const attempt = attemptOf(draft, id);
  if (attempt === undefined) return;
  const { ready, readAt } = attempt;
  if (ready === undefined || readAt !== undefined) return leave(draft, id, "garbage");
  const tokens = Math.max(1, promptTokensOf(draft, attempt));
  const seen = paceAfter(attempt.seen, { read: (draft.now - ready.at) / tokens });
  changeAttempt(draft, id, { readAt: draft.now, seen, heardAt: draft.now, lateKnown: false });
}

/** What the signature of a chunk heard now from this attempt must cover; undefined while it must not speak. */
export function transcriptAfter(
  state: JobState | Draft,
  id: AttemptId,
  chunk: Chunk,
): Uint8Array | undefined {
  const before = state.held.at(-1)?.digest;
  if (before !== undefined) return transcriptNext(before, chunk);
  const ready = attemptOf(state, id)?.ready;
  return ready && transcriptNext(transcriptStart(state.job as JobId, ready.promptDigest), chunk);
}

export function heardChunk(draft: Draft, event: Heard<"chunk">): void {
  const attempt = attemptOf(draft, event.attempt);
  if (attempt === undefined) return;
  const { id, peer, sessionKey, ready, drops } = attempt;
  const { chunk, branch } = event;
  // It was called off, or what it goes on from was dropped, and did not know yet.
  if (branch < drops.length || isComplete(draft)) return heardNothingNew(draft, attempt);
  const digest = transcriptAfter(draft, id, chunk);
  const may = isCalled(draft, id) && branch === drops.length && event.authentic;
  if (!may || ready === undefined || digest === undefined) return leave(draft, id, "garbage");
  if (draft.held.length === 0) draft.base = ready;
  if (!inPlace(draft, attempt, chunk)) return leave(draft, id, "garbage");
  takeFloor(draft, attempt, chunk.ids.length);
  const heard = { chunk, speaker: peer, sessionKey, heardAt: draft.now, digest, accepts: [], rejects: [] };
  draft.held = [...draft.held, heard];
  draft.unaccepted += 1;
  changeAttempt(draft, id, {
    ...{ heardAt: draft.now, lateKnown: false },
    ...{ shown: draft.held.length, judged: chunkEnd(chunk), judgedChunks: draft.held.length },
  });
  if (isComplete(draft)) draft.completeAt = draft.now;
}

export function heardJudgement(draft: Draft, event: Heard<"judged"> | Heard<"rejected">): void {
  const attempt = attemptOf(draft, event.attempt);
  if (attempt === undefined) return;
  const { id, witness, judged, judgedChunks, drops } = attempt;
  const { branch, through } = event;
  if (drops.slice(branch).some((to) => through > to)) return heardNothingNew(draft, attempt);
  const chunks = chunksUntil(draft, through, attempt.shown);
  if (!witness || branch > drops.length || chunks === undefined || through < judged) {
    return leave(draft, id, "garbage");
  }
  // Saying the same again is no sign of work: who only does that is waited for no longer than who says nothing.
  if (through === judged) return heardNothingNew(draft, attempt);
  castVotes(draft, attempt, chunks, event.kind === "rejected" ? event.start : Number.POSITIVE_INFINITY);
  const last = draft.held[chunks - 1]!;
  // Only what it was shown as soon as it was heard tells how quick it is; the rest is catching up.
  const prompt = chunks === judgedChunks + 1 && (attempt.readAt ?? Infinity) <= last.heardAt;
  const seen = prompt ? paceAfter(attempt.seen, { judge: draft.now - last.heardAt }) : attempt.seen;
  const heard = { heardAt: draft.now, lateKnown: false };
  changeAttempt(draft, id, { ...heard, judged: through, judgedChunks: chunks, seen });
}

/** How many of the chunks it was shown end at `through` or before; undefined when that is the end of none. */
function chunksUntil(draft: Draft, through: number, shown: number): number | undefined {
  let [low, high] = [0, shown];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (chunkEnd(draft.held[middle]!.chunk) <= through) low = middle + 1;
    else high = middle;
  }
  const last = draft.held[low - 1];
  return last !== undefined && chunkEnd(last.chunk) === through ? low : undefined;
}

/** Words that move nothing cost the gateway time; a few are on their way at every switch, many are an attack. */
function heardNothingNew(draft: Draft, { id, idleWords }: Attempt): void {
  changeAttempt(draft, id, { idleWords: idleWords + 1 });
  if (idleWords >= budgets.idleWordsMost) leave(draft, id, "garbage");
}

export function heardRefusal(draft: Draft, { attempt: id, code, message }: Heard<"refused">): void {
  const attempt = attemptOf(draft, id);
  if (attempt === undefined) return;
  const { peer, operator, ready, heardAt } = attempt;
  // Who was ready had accepted the request: what it says of it later is its own failure.
  const blamesUs = ready === undefined && blamesRequest(code);
  const stranger = isStranger(peer, draft);
  if (blamesUs) draft.blamers = [...draft.blamers, { peer, operator, stranger, code, message }];
  if (code === "busy") draft.busy += 1;
  // A follower that is asked nothing for minutes may go: the wait was ours.
  const idle = code === "idle" && !isCalled(draft, id) && draft.now - heardAt >= budgets.idleMsLeast;
  // What a schema makes of an answer shows late: nobody is blamed who stops where it can no longer be followed.
  const ofSchema = code === "bad-request" && draft.formed;
  // A node that did not hear of a draw in time, or whose chain lags, takes no part: that is as it should be.
  const undrawn = code === "not-drawn" && ready === undefined;
  const isForgiven = blamesUs || idle || ofSchema || undrawn;
  leave(draft, id, code === "busy" ? "busy" : isForgiven ? "unused" : "refused");
}

/** The last chunk of the answer as the application has it. */
export function lastOf({ held, satisfied }: Pick<JobState, "held" | "satisfied">): Held | undefined {
  return held[(satisfied ?? held.length) - 1];
}

/** Nothing more is to be said: the answer has its end marker, or the application has enough. */
export function isComplete(state: JobState | Draft): boolean {
  return state.satisfied !== undefined || state.held.at(-1)?.chunk.end !== undefined;
}

/**
 * Is it the next part of the answer, and within its speaker's limit? A node that shows no logits counts characters, not the
 * model's tokens: the limit is its engine's to keep, but the text must be what the ids say, or positions bound nothing.
 */
function inPlace(draft: Draft, attempt: Attempt, chunk: Chunk): boolean {
  if (chunk.start !== answerEnd(draft)) return false;
  if (!attempt.witness) return (chunk.ids.length > 0 || chunk.end !== undefined) && spellsText(chunk);
  return chunk.ids.length > 0 && keepsTo(limitOf(draft, attempt), chunk);
}

/** Are the ids the code points of the text, one for one? */
function spellsText({ ids, text }: Chunk): boolean {
  const points = [...text].map((character) => character.codePointAt(0));
  return points.length === ids.length && points.every((point, index) => point === ids[index]);
}
