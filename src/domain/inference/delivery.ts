import type { Ms } from "../ids.ts";
import { budgets } from "./budgets.ts";
import { type Draft, isCalled, witnessesOf } from "./draft.ts";
import type { Cast } from "./effect.ts";
import { isComplete } from "./hearing.ts";
import { findingOf } from "./proving.ts";
import { isUnwatched } from "./spec.ts";
import type { Held } from "./state.ts";
import { standingOf } from "./votes.ts";

/** What may reach the application, and when. Words cannot be taken back, so this is the one place they leave by. */

/** Delivers every chunk that is due, in order, stopping at the first that is not. */
export function deliverDue(draft: Draft): void {
  while (draft.delivered < (draft.satisfied ?? draft.held.length)) {
    const held = draft.held[draft.delivered]!;
    if (!isDue(draft, held)) return;
    const tokens = held.chunk.ids.length;
    draft.delivered += 1;
    draft.deliveredAt = draft.now;
    draft.deliveredTokens += tokens;
    if (standingOf(held, draft) === "accepted") draft.acceptedTokens += tokens;
    draft.effects.push({ kind: "deliver", text: held.chunk.text, tokens, cast: castFor(draft, held) });
  }
}

/** When the next chunk's hold budget runs out; undefined when it is not time that it waits for. */
export function holdEnd(draft: Draft): Ms | undefined {
  const held = draft.held[draft.delivered];
  if (held === undefined || draft.policy.finality !== "stream" || isDoubtful(draft, held)) return undefined;
  return holdEndOf(draft, held);
}

/** Until when it waits to be judged; where the answer is whole, never until that is lost to its deadline. */
function holdEndOf(draft: Draft, held: Held): Ms {
  const end = budgetEnd(draft, held);
  return isComplete(draft) ? Math.min(end, draft.deadlineAt - budgets.lastWordMs) : end;
}

/**
 * After a switch the application has waited already: finding out and judging share one hold budget, or a loss would
 * cost both. A little is left in any case, since whoever is warm judges within it.
 */
function budgetEnd({ announced, deliveredAt, policy }: Draft, { speaker, heardAt }: Held): Ms {
  if (announced === undefined || announced === speaker) return heardAt + policy.holdMs;
  return Math.max(deliveredAt + policy.holdMs, heardAt + Math.min(policy.holdMs, budgets.switchHoldMs));
}

/** Could any witness still accept something: one that follows, or one that is known and may be free or well again? */
export function isWitnessed(draft: Draft): boolean {
  const { policy, seeking, nobodyLeft, prospects, barred } = draft;
  if (isUnwatched(policy)) return false;
  const known = prospects.some(({ witness, peer }) => witness && !barred.includes(peer));
  return known || seeking || !nobodyLeft || witnessesOf(draft).length > 0;
}

function isDue(draft: Draft, held: Held): boolean {
  if (draft.policy.finality === "none") return true;
  if (draft.policy.finality === "final") {
    return isComplete(draft) && draft.unaccepted === 0 && findingOf(draft)?.verdict === "valid";
  }
  if (isDoubtful(draft, held)) return false;
  if (standingOf(held, draft) === "accepted" || !isWitnessed(draft)) return true;
  return draft.now >= holdEndOf(draft, held);
}

/** From the first disputed chunk on nothing leaves: the speaker may be lying from there. What is before it stands. */
function isDoubtful({ disputedAt }: Draft, { chunk }: Held): boolean {
  return disputedAt !== undefined && chunk.start >= disputedAt;
}

/** Who speaks and who follows, said with the first words and with the first after each switch. */
function castFor(draft: Draft, { chunk, speaker }: Held): Cast | undefined {
  if (draft.announced === speaker || chunk.text === "") return undefined;
  if (draft.announced !== undefined) draft.switches += 1;
  draft.announced = speaker;
  const following = draft.attempts.filter(
    ({ id, peer, witness, shown }) => witness && shown > 0 && peer !== speaker && !isCalled(draft, id),
  );
  return { executor: speaker, witnesses: following.map(({ peer }) => peer) };
}
