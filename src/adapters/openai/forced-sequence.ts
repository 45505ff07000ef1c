import type { TokenId } from "../../domain/ids.ts";
import type { Candidate } from "../../domain/verification/sampler.ts";
import type { TokenSequence } from "../../ports.ts";
import { createTurns } from "../system/turns.ts";
import type { Seat } from "./room.ts";
import { createSaid } from "./said.ts";
import type { Vllm } from "./vllm.ts";

/** What of a tokenizer a sequence takes from the model's own file. */
export interface Words extends Pick<TokenSequence, "text" | "ends"> {
  knows(id: TokenId): boolean;
}

/**
 * One job on a server that shows what it makes of every position of a text it is given. It speaks by asking at each
 * position and choosing itself; what another says it reads in one step, and looks at all of it.
 */
export function openForcedSequence(
  { server, words }: { readonly server: Vllm; readonly words: Words },
  seat: Seat,
): TokenSequence {
  const { promptIds } = seat;
  const said = createSaid(seat, words.knows);
  const turns = createTurns(seat.release);
  /** Logits of the tokens last judged, each with what stood before it. */
  let weighed: ReadonlyArray<{ readonly id: TokenId; readonly position: number; readonly logit: number }> =
    [];

  return {
    promptIds,
    judge: (ids, signal) => turns.take(() => judge(ids, signal)),
    next: (ids, signal) =>
      turns.take(() => said.appending(ids, 1, () => server.after(said.before(said.length), signal))),
    logitsOf: (position, ids, signal) => turns.take(() => logitsOf(position, ids, signal)),
    keep: (length) =>
      turns.take(async () => {
        said.cut(length);
        weighed = weighed.filter((each) => each.position < said.length);
      }),
    text: words.text,
    ends: words.ends,
    close: turns.close,
  };

  async function judge(ids: readonly TokenId[], signal: AbortSignal): Promise<Candidate[][]> {
    const start = said.length;
    return said.appending(ids, 0, async () => {
      if (ids.length === 0) {
        // The prompt alone: read now, so that to speak right after it takes no more than a step.
        await server.after(said.before(start), signal);
        return [];
      }
      const seen = await server.along(said.before(said.length), promptIds.length + start, signal);
      weighed = ids.map((id, at) => ({ id, position: start + at, logit: seen[at]!.logit }));
      return seen.map(({ candidates }) => candidates);
    });
  }

  /** Of a token that was judged it is known already; of any other, one step each. */
  async function logitsOf(position: number, ids: readonly TokenId[], signal: AbortSignal): Promise<number[]> {
    if (position < 0 || position > said.length) throw new RangeError("no such position in the answer");
    const logits: number[] = [];
    for (const id of ids) {
      const known = weighed.find((each) => each.position === position && each.id === id);
      if (!words.knows(id)) logits.push(Number.NEGATIVE_INFINITY);
      else logits.push(known?.logit ?? (await weigh(position, id, signal)));
    }
    return logits;
  }

  async function weigh(position: number, id: TokenId, signal: AbortSignal): Promise<number> {
    const [seen] = await server.along([...said.before(position), id], promptIds.length + position, signal);
    return seen!.logit;
  }
}
