import { bytesToHex } from "@noble/hashes/utils.js";
import type { SessionKey } from "../../../domain/ids.ts";
import { chunkEnd } from "../../../domain/inference/chunk.ts";
import { isComplete, lastOf } from "../../../domain/inference/hearing.ts";
import type { JobState } from "../../../domain/inference/state.ts";
import { answerLimit } from "../../../domain/inference/terms.ts";
import { answerIdOf } from "../../../domain/verification/answer-id.ts";
import { isAuthentic } from "../../../domain/verification/commit-set.ts";
import { type Commit, type Hex32, type Member, secretHash } from "../../../domain/verification/committee.ts";
import type { Receipt } from "../../../domain/verification/receipt.ts";
import type { Market712 } from "../../../domain/verification/statement.ts";
import type { Verify } from "../../../ports.ts";
import type { JobRequest } from "../network/job-ports.ts";
import { receiptOf } from "../network/receipt-of.ts";

/**
 * The receipt of an answer that nobody watched: its executor's commit, sealed, for auditors drawn long after. The prompt
 * is in it, since that is what they are asked with. Undefined where there is no true commit to the whole answer.
 */
export function unwatchedReceipt(
  { market, verify }: { readonly market: Market712; readonly verify: Verify },
  request: JobRequest,
  told: {
    readonly state: JobState;
    readonly executor: Member;
    readonly sealed: Omit<Commit, "node"> | undefined;
    readonly secret: Hex32;
    readonly offers: ReadonlyMap<SessionKey, string>;
  },
): Receipt | undefined {
  const { state, executor, sealed, secret, offers } = told;
  const last = lastOf(state);
  if (sealed === undefined || last === undefined || !isComplete(state)) return undefined;
  const tokensMax = answerLimit(state);
  const answer = answerIdOf(
    { ...request.spec, tokensMax },
    {
      promptDigest: state.base?.promptDigest ?? "",
      transcript: bytesToHex(last.digest),
      tokens: chunkEnd(last.chunk),
    },
  );
  const commit = { node: executor.node, ...sealed };
  if (!isAuthentic(answer, commit, executor.sessionKey, verify)) return undefined;
  const committee = { kind: "client", secretHash: secretHash(secret) } as const;
  const set = { answer, committee, executor, witnesses: [], commits: [commit] };
  const proof = { set, secret, openings: [] };
  return receiptOf(market, { ...request, receiptPrompt: true }, { state, proof, tokensMax, offers });
}

/** What the client gets of it: the prompt is in it only when the client asked for that. */
export function clientsReceipt(
  receipt: Receipt,
  { receiptPrompt }: Pick<JobRequest, "receiptPrompt">,
): Receipt {
  const { prompt, ...rest } = receipt;
  return receiptPrompt && prompt !== undefined ? receipt : rest;
}
