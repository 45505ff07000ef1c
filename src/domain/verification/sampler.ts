import type { TokenId } from "../ids.ts";
import type { Sampling } from "../inference/spec.ts";
import { keyedHash } from "./keyed-hash.ts";

/** One token and its raw logit at some position, before temperature or any other sampler option. */
export interface Candidate {
  readonly id: TokenId;
  readonly logit: number;
}

/** The K of `gumbel-topk-v1`: candidates are the 64 largest raw logits, largest first, ties by lower id. */
export const candidateCount = 64;

export interface Choice {
  readonly id: TokenId;
  /** logit / temperature + Gumbel noise; at temperature 0 the logit itself. */
  readonly score: number;
}

/**
 * The canonical sampler `gumbel-topk-v1`. Same logits, sampling and position always give the same token, so the
 * tokens themselves are evidence of the model, the temperature and the seed that made them.
 *
 *   temperature 0:  the largest logit (ties: lower id); seed, top_p and min_p play no part
 *   otherwise:      arg max of  logit / temperature + g(id)  over the nucleus,
 *                   g = −ln(−ln u),  u = 53 bits of SHA-256(seed ‖ position ‖ id) as a number in (0, 1)
 *   nucleus:        with p = softmax(logit / temperature) over the candidates given, the shortest run of them, most
 *                   probable first, whose p sums to topP or more; of these, those with p ≥ minP × the largest p
 *
 * The seed is 32 bytes, position (0 = the answer's first token) and id are u32 big-endian. `candidates` must not be
 * empty and must be in canonical order.
 */
export function choose(candidates: readonly Candidate[], sampling: Sampling, position: number): Choice {
  const first = candidates[0];
  if (first === undefined) throw new RangeError("the sampler needs at least one candidate");
  if (sampling.temperature === 0) return { id: first.id, score: first.logit };
  const noise = gumbel(sampling.seed, position);
  const count = nucleusSize(candidates, sampling);
  const least = first.logit + sampling.temperature * Math.log(sampling.minP ?? 0);
  let best: Choice = { id: first.id, score: Number.NEGATIVE_INFINITY };
  for (let i = 0; i < count; i += 1) {
    const { id, logit } = candidates[i]!;
    if (logit < least) break;
    const scaled = logit / sampling.temperature;
    // Noise is bounded, and candidates come largest first: from here on none can win. Exact, and at low
    // temperatures it leaves only a few hashes to compute.
    if (scaled + gumbelMax < best.score) break;
    const score = scaled + noise(id);
    if (score > best.score) best = { id, score };
  }
  return best;
}

/** How many of the candidates are in the nucleus; at least one. */
function nucleusSize(candidates: readonly Candidate[], { temperature, topP }: Sampling): number {
  if (topP >= 1) return candidates.length;
  const weights = softmaxWeights(candidates, temperature);
  let total = 0;
  for (const weight of weights) total += weight;
  let sum = 0;
  let size = 0;
  while (size < weights.length && (size === 0 || sum < topP * total)) {
    sum += weights[size]!;
    size += 1;
  }
  return size;
}

/** exp((logit − largest) / temperature); not normalised. */
export function softmaxWeights(candidates: readonly Candidate[], temperature: number): number[] {
  const top = candidates[0]?.logit ?? 0;
  return candidates.map(({ logit }) => Math.exp((logit - top) / temperature));
}

/** Gumbel noise of each token at one position. */
export function gumbel(seed: string, position: number): (id: TokenId) => number {
  const hash = keyedHash(seed, position);
  return (id) => {
    const bits = hash.bits53(id);
    // 0 would give −∞; half a step is the middle of what rounds to it.
    const u = (bits === 0 ? 0.5 : bits) / 2 ** 53;
    return -Math.log(-Math.log(u));
  };
}

/** Largest value of the noise: u = 1 − 2⁻⁵³. */
export const gumbelMax = -Math.log(-Math.log(1 - 2 ** -53));
