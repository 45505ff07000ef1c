import { attemptOf, type Draft, witnessesOf } from "./draft.ts";
import { isComplete } from "./hearing.ts";
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
    draft.deliveredTokens += tokens;
    if (standingOf(held) === "accepted") draft.acceptedTokens += tokens;
    draft.effects.push({ kind: "deliver", text: held.chunk.text, tokens, cast: castFor(draft, held) });
  }
}

/** When the next chunk's hold budget runs out; undefined when it is not time that it waits for. */
export function holdEnd(draft: Draft): number | undefined {
  const held = draft.held[draft.delivered];
  if (held === undefined || draft.policy.finality !== "stream" || isDoubtful(draft, held)) return undefined;
  return held.heardAt + draft.policy.holdMs;
}

/** Could any witness, present or to be found, still accept something? */
export function isWitnessed(draft: Draft): boolean {
  if (draft.policy.finality === "none" || draft.policy.witnesses === 0) return false;
  return witnessesOf(draft).length > 0 || draft.seeking;
}

function isDue(draft: Draft, held: Held): boolean {
  if (draft.policy.finality === "none") return true;
  if (draft.policy.finality === "final") {
    return isComplete(draft) && draft.held.every((each) => standingOf(each) === "accepted");
  }
  if (isDoubtful(draft, held)) return false;
  if (standingOf(held) === "accepted" || !isWitnessed(draft)) return true;
  return draft.now >= held.heardAt + draft.policy.holdMs;
}

/** From the first disputed chunk on nothing leaves: the speaker may be lying from there. What is before it stands. */
function isDoubtful({ disputedAt }: Draft, { chunk }: Held): boolean {
  return disputedAt !== undefined && chunk.start >= disputedAt;
}

function castFor(draft: Draft, held: Held) {
  if (!draft.announce || held.chunk.text === "") return undefined;
  draft.announce = false;
  const speaking = draft.speaker && attemptOf(draft, draft.speaker.attempt);
  return {
    executor: held.speaker,
    witnesses: draft.attempts
      .filter(
        ({ peer, witness, shown }) =>
          witness && shown > 0 && peer !== held.speaker && peer !== speaking?.peer,
      )
      .map(({ peer }) => peer),
  };
}
