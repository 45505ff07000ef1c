import type { TokenId } from "../../domain/ids.ts";
import { limits } from "../../protocol/limits.ts";
import type { Seat } from "./room.ts";

/** The answer of one job so far, at a server that is sent all of it each time. */
export interface Said {
  readonly length: number;
  /** Adds `ids` and looks; or adds nothing. `more`: tokens that must fit behind them. */
  appending<T>(ids: readonly TokenId[], more: number, look: () => Promise<T>): Promise<T>;
  /** Keeps its first `length` tokens. */
  cut(length: number): void;
  /** The prompt and the answer up to this position. What is no token is read as the vocabulary's first, so that a follower
   *  that rejected it can still follow. */
  before(position: number): TokenId[];
}

export function createSaid(
  { promptIds, contextTokens, overflow }: Pick<Seat, "promptIds" | "contextTokens" | "overflow">,
  knows: (id: TokenId) => boolean,
): Said {
  const answer: TokenId[] = [];
  const said: Said = {
    get length() {
      return answer.length;
    },
    async appending(ids, more, look) {
      if (ids.length > limits.chunkTokensMax) throw new RangeError("more ids than a chunk holds");
      const before = answer.length;
      if (promptIds.length + before + ids.length + more > contextTokens)
        throw overflow(promptIds.length + before, ids.length + more);
      answer.push(...ids);
      try {
        return await look();
      } catch (error) {
        said.cut(before);
        throw error;
      }
    },
    cut(length) {
      answer.length = Math.min(answer.length, Math.max(0, length));
    },
    before(position) {
      return [...promptIds, ...answer.slice(0, position).map((id) => (knows(id) ? id : 0))];
    },
  };
  return said;
}
