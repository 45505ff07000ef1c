import type { TokenId } from "../ids.ts";

/** One token and its raw logit at some position, before temperature or any other sampler option. */
export interface Candidate {
  readonly id: TokenId;
  readonly logit: number;
}
