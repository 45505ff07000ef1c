import type { SessionKey } from "../../../domain/ids.ts";
import type { JobState } from "../../../domain/inference/state.ts";
import type { Receipt, SaidChunk } from "../../../domain/verification/receipt.ts";
import type { Proof } from "../../../domain/verification/seat.ts";
import type { Market712 } from "../../../domain/verification/statement.ts";
import { limits } from "../../../protocol/limits.ts";
import type { JobRequest } from "./job-ports.ts";

/** The answer as the application has it, chunk by chunk. */
export function saidIn({ held, satisfied }: Pick<JobState, "held" | "satisfied">): SaidChunk[] {
  return held
    .slice(0, satisfied ?? held.length)
    .map(({ chunk, sessionKey }) => ({ chunk, speaker: sessionKey }));
}

/** What the client keeps of an answer that was proved. The prompt is in it only when the client asked for that. */
export function receiptOf(
  market: Market712,
  { spec, receiptPrompt, drawn, drawnOffers = [] }: JobRequest,
  {
    state,
    proof,
    tokensMax,
    offers,
  }: {
    readonly state: JobState;
    readonly proof: Proof;
    /** Longest the answer could have become. */
    readonly tokensMax: number;
    /** Signed offers as JSON, by the session keys they name. */
    readonly offers: ReadonlyMap<SessionKey, string>;
  },
): Receipt {
  const chunks = saidIn(state);
  const { executor, witnesses } = proof.set;
  const keys = [
    ...[executor, ...witnesses].map(({ sessionKey }) => sessionKey),
    ...chunks.map(({ speaker }) => speaker),
  ];
  const members = [...new Set(keys)].flatMap((key) => offers.get(key) ?? []);
  const signed = [...new Set([...members, ...drawnOffers])].slice(0, limits.receiptOffersMax);
  return {
    ...{
      v: 1,
      market: { chainId: market.chainId, bonds: market.bonds },
      model: spec.model,
      sampling: spec.sampling,
      tokensMax,
    },
    ...(receiptPrompt ? { prompt: spec.prompt } : {}),
    promptDigest: state.base?.promptDigest ?? "",
    ...(drawn === undefined ? {} : { drawn }),
    ...{ chunks, proof, offers: signed.map((text) => JSON.parse(text) as Receipt["offers"][number]) },
  };
}
