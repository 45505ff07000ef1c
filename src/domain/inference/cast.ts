import type { JobId } from "../ids.ts";
import { budgets } from "./budgets.ts";
import { chunkEnd } from "./chunk.ts";
import { attemptOf, changeAttempt, type Draft, witnessesOf } from "./draft.ts";
import type { Outcome } from "./effect.ts";
import { rhythmUnknown } from "./rhythm.ts";
import type { Attempt, AttemptId, Prospect } from "./state.ts";
import { transcriptStart } from "./transcript.ts";

/** Who takes part: opening attempts, promoting, dismissing, and keeping enough witnesses. */

/** An attempt ends; a speaker's end leaves the job without one until `ensureSpeaker`. */
export function leave(draft: Draft, id: AttemptId, outcome: Outcome): void {
  const attempt = attemptOf(draft, id);
  if (attempt === undefined) return;
  draft.attempts = draft.attempts.filter((other) => other.id !== id);
  const { peer, openedAt: since } = attempt;
  draft.effects.push({ kind: "close", attempt: id }, { kind: "outcome", peer, outcome, since });
  if (draft.speaker?.attempt === id) draft.speaker = undefined;
  if (outcome === "unused") return;
  if (outcome === "garbage" || outcome === "rejected") draft.barred = [...draft.barred, peer];
  else draft.failures = [...draft.failures, peer];
}

/**
 * Once failed, a provider is asked again after its quarantine, or, when nobody else is at work, once at once. One that
 * finds fault with the request itself would only say so again.
 */
export function mayBeAsked(draft: Draft, { peer, rested }: Prospect): boolean {
  if (draft.barred.includes(peer) || draft.blamers.some((blamer) => blamer.peer === peer)) return false;
  const failures = draft.failures.filter((failed) => failed === peer).length;
  return failures === 0 || rested || (failures === 1 && draft.attempts.length === 0);
}

/**
 * Without a speaker, promotes the follower that is furthest along, else opens one. A follower that rejected the last
 * chunk it judged does not speak on from it. Returns false when nobody can be found now.
 */
export function ensureSpeaker(draft: Draft): boolean {
  if (draft.speaker !== undefined) return true;
  if (draft.fruitless >= draft.policy.attemptsMax) return false;
  const id =
    promotable(draft)?.id ?? openNext(draft, needsResume(draft) ? ({ resume }) => resume : () => true);
  if (id === undefined) return false;
  const from = answerEnd(draft);
  draft.speaker = {
    attempt: id,
    toldAt: draft.now,
    saidAt: undefined,
    rhythm: rhythmUnknown,
    firstMs: 0,
  };
  draft.speakers += 1;
  draft.fruitless += 1;
  if (draft.held.length > 0) {
    draft.switches += 1;
    draft.announce = true;
  }
  setTerms(draft, id);
  draft.effects.push({ kind: "speak", attempt: id, from });
  return true;
}

/** Opens witnesses until as many follow as are wanted, or nobody is left to ask. */
export function ensureWitnesses(draft: Draft, wanted: number): void {
  while (witnessesOf(draft).length < wanted) {
    if (openNext(draft, ({ witness }) => witness) === undefined) return;
  }
}

/** Shows every follower what it has not seen of the answer. */
export function showAll(draft: Draft): void {
  for (const attempt of draft.attempts) {
    if (attempt.shown >= draft.held.length) continue;
    for (const { chunk, sessionKey } of draft.held.slice(attempt.shown)) {
      draft.effects.push({ kind: "show", attempt: attempt.id, chunk, speaker: sessionKey });
    }
    changeAttempt(draft, attempt.id, {
      shown: draft.held.length,
      owesSince: attempt.owesSince ?? draft.now,
    });
  }
}

export function answerEnd(draft: Draft): number {
  const last = draft.held.at(-1);
  return last === undefined ? 0 : chunkEnd(last.chunk);
}

/** Before the first chunk, the answer's transcript starts from the prompt as its speaker tokenised it. */
export function setTerms(draft: Draft, id: AttemptId): void {
  const ready = attemptOf(draft, id)?.ready;
  if (draft.speaker?.attempt !== id || ready === undefined || draft.held.length > 0) return;
  draft.base = { ...ready, digest: transcriptStart(draft.job as JobId, ready.promptDigest) };
}

function needsResume(draft: Draft): boolean {
  return draft.held.length > 0;
}

function promotable(draft: Draft): Attempt | undefined {
  const last = draft.held.at(-1);
  const fit = draft.attempts.filter(
    (attempt) =>
      (attempt.resume || last === undefined) &&
      (attempt.ready === undefined || draft.base === undefined || agrees(draft, attempt)) &&
      !last?.rejects.includes(attempt.peer),
  );
  const rank = ({ ready, readAt, judged }: Attempt) =>
    ready === undefined ? -2 : readAt === undefined ? -1 : judged;
  return fit.sort((a, b) => rank(b) - rank(a) || b.heardAt - a.heardAt || a.id - b.id)[0];
}

/** Did it tokenise the prompt as the answer's first speaker did? Before the first chunk anyone may set the terms. */
function agrees(draft: Draft, attempt: Attempt): boolean {
  return draft.held.length === 0 || attempt.ready?.promptDigest === draft.base?.promptDigest;
}

function openNext(draft: Draft, fits: (prospect: Prospect) => boolean): AttemptId | undefined {
  if (draft.attemptNext >= budgets.attemptsOpenedMax) return undefined;
  const prospect = draft.prospects.find((each) => fits(each) && mayBeAsked(draft, each));
  if (prospect === undefined) {
    seek(draft);
    return undefined;
  }
  draft.prospects = draft.prospects.filter((other) => other !== prospect);
  const id = draft.attemptNext;
  draft.attemptNext += 1;
  draft.attempts.push({
    ...prospect,
    id,
    openedAt: draft.now,
    heardAt: draft.now,
    ready: undefined,
    readAt: undefined,
    shown: 0,
    owesSince: undefined,
    judged: 0,
  });
  draft.effects.push({ kind: "open", attempt: id, peer: prospect.peer });
  showAll(draft);
  return id;
}

function seek(draft: Draft): void {
  if (draft.seeking || draft.now < draft.seekAfter) return;
  draft.seeking = true;
  draft.effects.push({ kind: "seek", without: draft.attempts.map(({ peer }) => peer) });
}
