import type { TokenId } from "../src/domain/ids.ts";
import type { Prompt, Sampling } from "../src/domain/inference/spec.ts";
import { choose } from "../src/domain/verification/sampler.ts";
import type { TokenEngine, TokenSequence } from "../src/ports.ts";

export interface Generated {
  readonly ids: readonly TokenId[];
  readonly text: string;
  readonly firstMs: number;
  readonly tookMs: number;
}

const never = new AbortController().signal;

/** The bare engine and the canonical sampler, and nothing else: what a provider would be with nobody to talk to. */
export async function generate(
  engine: TokenEngine,
  request: { prompt: Prompt; sampling: Sampling; tokensMax: number },
): Promise<Generated> {
  const begun = performance.now();
  const sequence = await engine.open(request.prompt, request.tokensMax);
  const ids: TokenId[] = [];
  let text = "";
  let firstMs = 0;
  for (let last: TokenId[] = []; ids.length < request.tokensMax; ) {
    const { id } = choose(await sequence.next(last, never), request.sampling, ids.length);
    text += sequence.text([id], ids);
    ids.push(id);
    if (ids.length === 1) firstMs = performance.now() - begun;
    if (sequence.ends(id)) break;
    last = [id];
  }
  const tookMs = performance.now() - begun;
  await closed(sequence);
  return { ids, text, firstMs, tookMs };
}

/** Its slot is free when the step under way is over. */
export async function closed(sequence: Pick<TokenSequence, "close">): Promise<void> {
  sequence.close();
  await new Promise((resolve) => setTimeout(resolve, 20));
}
