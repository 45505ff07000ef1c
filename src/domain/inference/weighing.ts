import type { PeerId } from "../ids.ts";
import { budgets } from "./budgets.ts";
import { leave } from "./cast.ts";
import { type Draft, takeBack, witnessesOf } from "./draft.ts";
import { fail } from "./ending.ts";
import { paceUnknown } from "./pace.ts";
import type { Attempt } from "./state.ts";
import { standingOf } from "./votes.ts";

/** What judgements lead to: doubt, a chunk that is dropped, or a dissenter that leaves. */

/** Its votes on all it had not judged before chunk `until`: against what starts at `rejectsFrom` or later. */
export function castVotes(draft: Draft, attempt: Attempt, until: number, rejectsFrom: number): void {
  const { peer, judgedChunks } = attempt;
  const held = [...draft.held];
  for (let index = judgedChunks; index < until; index++) {
    const before = held[index]!;
    const { chunk, speaker, accepts, rejects } = before;
    const voted = accepts.includes(peer) || rejects.includes(peer);
    if (speaker === peer || voted || chunk.ids.length === 0) continue;
    const name = chunk.start >= rejectsFrom ? "rejects" : "accepts";
    const after = { ...before, [name]: [...before[name], peer] };
    held[index] = after;
    if (name === "rejects" && rejects.length === 0) draft.doubted = [...draft.doubted, index];
    const accepted = (each: typeof before) => Number(standingOf(each, draft) === "accepted");
    draft.unaccepted += accepted(before) - accepted(after);
  }
  draft.held = held;
}

/** Acts on rejections: drops what a majority rejected, and notes what is disputed. */
export function weighVotes(draft: Draft): void {
  const doubted = draft.doubted.map((index) => ({ index, standing: standingOf(draft.held[index]!, draft) }));
  const first = (standing: string) =>
    Math.min(...doubted.filter((each) => each.standing === standing).map(({ index }) => index));
  const rejected = first("rejected");
  if (rejected < draft.delivered) {
    condemn(draft, draft.held[rejected]!.speaker);
    return fail(draft, "rejected-after-delivery", "most witnesses rejected a token that had been delivered");
  }
  if (rejected < draft.held.length) dropFrom(draft, rejected);
  heedDispute(draft, draft.held[first("disputed")]?.chunk.start);
  if (!draft.ended) dismissOutvoted(draft);
}

function heedDispute(draft: Draft, disputed: number | undefined): void {
  // Each dispute has its own time: one dissenter, outvoted every time, must not add them up to an end.
  if (disputed !== draft.disputedAt) draft.disputedSince = disputed === undefined ? undefined : draft.now;
  draft.disputedAt = disputed;
  if (draft.disputedSince === undefined) return;
  // Whoever was called to speak still judges what it was shown before.
  const undecided = draft.attempts.every(({ witness, judged }) => !witness || judged > disputed!);
  if ((draft.nobodyLeft && undecided) || draft.now >= draft.disputedSince + budgets.disputeMs) {
    fail(draft, "disputed", "witnesses disagree about the answer and nobody is left to decide");
  }
}

/** A witness that the others outvote again and again sees another model than they do: its seat is wasted on it. */
function dismissOutvoted(draft: Draft): void {
  if (draft.doubted.length < budgets.dissentsMost) return;
  const settled = draft.doubted
    .map((index) => draft.held[index]!)
    .filter((held) => standingOf(held, draft) === "accepted");
  for (const { id, peer } of witnessesOf(draft)) {
    const outvoted = settled.filter(({ rejects }) => rejects.includes(peer)).length;
    if (outvoted >= budgets.dissentsMost) leave(draft, id, "dissented");
  }
}

/**
 * Who said chunk `index` leaves as a liar, and the answer goes back to before the first that can be taken back of what it
 * said: nobody else should have to go on from its words, and answer for them.
 */
export function dropFrom(draft: Draft, index: number): void {
  const { speaker } = draft.held[index]!;
  condemn(draft, speaker);
  goBack(
    draft,
    draft.held.findIndex((held, at) => at >= draft.delivered && held.speaker === speaker),
  );
}

/** The answer goes back to before chunk `index`, and whoever is then furthest speaks on. */
export function goBack(draft: Draft, index: number): void {
  const to = draft.held[index]!.chunk.start;
  draft.held = draft.held.slice(0, index);
  draft.unaccepted = draft.held.filter((held) => standingOf(held, draft) !== "accepted").length;
  draft.doubted = draft.doubted.filter((doubted) => doubted < index);
  draft.completeAt = undefined;
  draft.proof = undefined;
  // A later speaker that had gone on from the dropped chunk begins again: that is not another try.
  draft.speakers -= draft.floor.length;
  draft.fruitless = Math.max(0, draft.fruitless - draft.floor.length);
  draft.floor = [];
  for (const attempt of draft.attempts) takeBack(draft, attempt, index, to);
}

/** It lied, whether it is still here or not. */
function condemn(draft: Draft, liar: PeerId): void {
  const attempt = draft.attempts.find(({ peer }) => peer === liar);
  if (attempt !== undefined) return leave(draft, attempt.id, "rejected");
  const [outcome, since, seen] = ["rejected", draft.startedAt, paceUnknown] as const;
  draft.effects.push({ kind: "outcome", peer: liar, outcome, since, seen });
  if (!draft.barred.includes(liar)) draft.barred = [...draft.barred, liar];
}
