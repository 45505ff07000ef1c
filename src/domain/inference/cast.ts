import { budgets } from "./budgets.ts";
import { chunkEnd } from "./chunk.ts";
import { attemptOf, changeAttempt, type Draft, isCalled } from "./draft.ts";
import type { Outcome } from "./effect.ts";
import { paceUnknown } from "./pace.ts";
import { isUnwatched } from "./spec.ts";
import type { Attempt, AttemptId, Prospect } from "./state.ts";
import { isLengthDisputed, limitOf } from "./terms.ts";
import { isStranger } from "./votes.ts";
import { isLate, isLateForItself } from "./waiting.ts";

/** Who takes part: opening attempts, letting them go, and keeping enough witnesses. */

/** An attempt ends; if it was called, the floor is one fewer. */
export function leave(draft: Draft, id: AttemptId, outcome: Outcome): void {
  const attempt = attemptOf(draft, id);
  if (attempt === undefined) return;
  // Whoever never read the prompt says nothing about it: it uses up none of the tries.
  if (isCalled(draft, id) && attempt.readAt === undefined) draft.fruitless -= 1;
  draft.attempts = draft.attempts.filter((other) => other.id !== id);
  draft.floor = draft.floor.filter((turn) => turn.attempt !== id);
  const { peer, openedAt: since, seen } = attempt;
  draft.effects.push({ kind: "close", attempt: id }, { kind: "outcome", peer, outcome, since, seen });
  if (outcome === "unused") return;
  draft.lostAt = draft.now;
  if (neverAgain.has(outcome)) draft.barred = [...draft.barred, peer];
  else draft.failures = [...draft.failures, peer];
}

const neverAgain: ReadonlySet<Outcome> = new Set(["garbage", "rejected", "dissented"]);

/** Somebody else is asked because this one is late. It stays: if it turns up, it follows or even goes on. */
export function reportLate(draft: Draft, id: AttemptId): void {
  const attempt = attemptOf(draft, id);
  if (attempt === undefined || attempt.lateKnown) return;
  changeAttempt(draft, id, { lateKnown: true });
  if (!isLateForItself(draft, attempt)) return;
  const { peer, openedAt: since } = attempt;
  draft.effects.push({ kind: "outcome", peer, outcome: "late", since, seen: paceUnknown });
}

/**
 * Once failed, a provider is asked again after its quarantine, or, when nobody else is at work, once at once. One that
 * finds fault with the request itself would only say so again.
 */
export function mayBeAsked(draft: Draft, { peer, rested, full }: Prospect): boolean {
  if (full || draft.barred.includes(peer) || draft.blamers.some((blamer) => blamer.peer === peer))
    return false;
  const failures = draft.failures.filter((failed) => failed === peer).length;
  return failures === 0 || rested || (failures === 1 && draft.attempts.length === 0);
}

/** One more while somebody dissents, of the answer or of its prompt's length: it is what decides. */
export function witnessesWanted(draft: Draft): number {
  const { policy, doubted } = draft;
  if (isUnwatched(policy)) return 0;
  return policy.witnesses + (doubted.length > 0 || isLengthDisputed(draft) ? 1 : 0);
}

/**
 * Opens witnesses until, beside one that speaks, as many follow as are wanted, or nobody is left to ask; and one more
 * where none of them could accept or decide anything. Late ones still count, or a slow machine would get ever more to
 * do; but when all are late that have a say, one more is tried on suspicion.
 */
export function ensureWitnesses(draft: Draft): void {
  const wanted = witnessesWanted(draft);
  if (wanted === 0) return;
  const canJudge = ({ witness }: Prospect) => witness;
  const speaks = draft.floor.some(({ attempt }) => attemptOf(draft, attempt)?.witness) ? 1 : 0;
  while (draft.attempts.filter(canJudge).length < wanted + speaks) {
    if (openNext(draft, canJudge) === undefined) return;
  }
  const canDecide = ({ witness, bonded }: Prospect) => witness && (bonded || !draft.staked);
  const deciding = draft.attempts.filter(({ witness, peer }) => witness && !isStranger(peer, draft));
  const following = deciding.filter(({ id }) => !isCalled(draft, id));
  const speaking = deciding.length - following.length;
  const undecided =
    draft.disputedAt !== undefined && deciding.every(({ judged }) => judged > draft.disputedAt!);
  if (undecided || deciding.length < Math.min(2, speaking + 1)) openNext(draft, canDecide);
  else if (!draft.mayHedge || draft.attempts.length > 2 * wanted) return;
  else if (following.every(({ id }) => isLate(draft, id))) openNext(draft, canDecide, true);
}

/** Shows every follower what it has not seen of the answer. */
export function showAll(draft: Draft): void {
  for (const attempt of draft.attempts) {
    if (attempt.shown >= draft.held.length) continue;
    for (const { chunk, sessionKey } of draft.held.slice(attempt.shown)) {
      draft.effects.push({ kind: "show", attempt: attempt.id, chunk, speaker: sessionKey });
    }
    changeAttempt(draft, attempt.id, { shown: draft.held.length });
  }
}

export function answerEnd(draft: Draft): number {
  const last = draft.held.at(-1);
  return last === undefined ? 0 : chunkEnd(last.chunk);
}

/**
 * Did it tokenise the prompt as the answer's first speaker did? Before the first chunk anyone may set the terms. Whose own
 * limit is reached could say nothing more: what was said past it is its witnesses' to reject.
 */
export function agrees(draft: Draft, attempt: Attempt): boolean {
  const { held, base } = draft;
  if (held.length === 0) return true;
  const isWithin = !attempt.witness || answerEnd(draft) < limitOf(draft, attempt);
  return attempt.ready?.promptDigest === base?.promptDigest && isWithin;
}

/** Has it opened as many attempts as it may by now? */
export function isSpent({ attemptNext, delivered, held, unaccepted }: Draft): boolean {
  // What finality "final" withholds stands as well, once it is accepted.
  return attemptNext >= attemptsAllowed(Math.max(delivered, held.length - unaccepted));
}

/** Attempts for an answer of which so many chunks stand. */
export function attemptsAllowed(chunks: number): number {
  const { attemptsAtFirst, chunksPerAttempt, attemptsOpenedMax } = budgets;
  return Math.min(attemptsOpenedMax, attemptsAtFirst + Math.floor(chunks / chunksPerAttempt));
}

export function openNext(
  draft: Draft,
  fits: (prospect: Prospect) => boolean,
  hedge = false,
): AttemptId | undefined {
  if (isSpent(draft)) return undefined;
  if (draft.now > draft.prospectsAt + budgets.prospectsMs && !draft.seeking) ask(draft);
  if (draft.seeking) return undefined;
  const prospect = draft.prospects.find((each) => fits(each) && mayBeAsked(draft, each));
  if (prospect === undefined) {
    seek(draft);
    return undefined;
  }
  draft.prospects = draft.prospects.filter((other) => other !== prospect);
  const id = draft.attemptNext;
  draft.attemptNext += 1;
  if (draft.staked && !prospect.bonded) draft.strangers = [...draft.strangers, prospect.peer];
  if (prospect.sampled) draft.sampling = [...draft.sampling, prospect.peer];
  if (prospect.unverified) draft.unverified = [...draft.unverified, prospect.peer];
  draft.attempts.push({
    ...prospect,
    ...{ id, openedAt: draft.now, heardAt: draft.now, ready: undefined, readAt: undefined },
    ...{ shown: 0, judged: 0, judgedChunks: 0, drops: [], seen: paceUnknown, idleWords: 0 },
    ...{ lateKnown: false, relieved: false },
  });
  draft.effects.push({ kind: "open", attempt: id, peer: prospect.peer, hedge });
  if (hedge) draft.mayHedge = false;
  showAll(draft);
  return id;
}

function seek(draft: Draft): void {
  if (!draft.seeking && draft.now >= draft.seekAfter) ask(draft);
}

function ask(draft: Draft): void {
  draft.seeking = true;
  draft.effects.push({ kind: "seek", without: draft.attempts.map(({ peer }) => peer) });
}
