import type { LlamaModel } from "node-llama-cpp";
import type { TokenId } from "../../domain/ids.ts";

/** Visible tokens looked back at: more than enough to hold the beginning of a character (4 bytes at most). */
const lookBackTokens = 16;

/**
 * The text that `ids` add to an answer that so far is `before`. A pure function of the ids, so every node gets the
 * same text for the same chunk.
 *
 * T(ids) is the UTF-8 of the tokens' bytes with everything that is no whole character left out; what is added is
 * T(before ‖ ids) without T(before). So the first half of a character adds nothing, the second half adds it whole,
 * and bytes that never become a character never show. UTF-8 looks at most three bytes ahead, hence T(before) is
 * always a prefix. (A model that means U+FFFD itself loses it: the detokeniser does not tell the two apart.)
 */
export function addedText(model: LlamaModel, ids: readonly TokenId[], before: readonly TokenId[]): string {
  const context = lastVisible(model, before);
  const earlier = decode(model, context);
  return decode(model, [...context, ...ids]).slice(earlier.length);
}

/** Special tokens as nothing, broken characters as nothing. */
function decode(model: LlamaModel, ids: readonly TokenId[]): string {
  if (ids.length === 0) return "";
  return model.detokenize(ids as Parameters<LlamaModel["detokenize"]>[0], false).replaceAll("\uFFFD", "");
}

function lastVisible(model: LlamaModel, before: readonly TokenId[]): TokenId[] {
  const found: TokenId[] = [];
  for (let i = before.length - 1; i >= 0 && found.length < lookBackTokens; i -= 1) {
    if (!model.isSpecialToken(before[i] as Parameters<LlamaModel["isSpecialToken"]>[0]))
      found.push(before[i]!);
  }
  return found.reverse();
}
