import type { Hex32 } from "../../../domain/verification/committee.ts";
import type { OpenOrder } from "../../../protocol/attempt.ts";
import type { JobRequest } from "./job-ports.ts";

/** What every attempt of a job is told first. `audit`: the promise that a client's own committee goes by. */
export function openOrderOf(
  { spec, policy, tokensDefault, contextTokens, drawn }: JobRequest,
  { deadlineMs, audit, seal }: { readonly deadlineMs: number; readonly audit: Hex32; readonly seal: boolean },
): OpenOrder {
  const { job, model, prompt, sampling, tokensMax } = spec;
  return {
    ...{
      t: "open",
      job,
      model,
      prompt: prompt as OpenOrder["prompt"],
      sampling,
      tokensDefault,
      contextTokens,
    },
    ...{ holdMs: policy.holdMs, deadlineMs },
    // In a drawn committee a later block takes the secret's place.
    ...(drawn === undefined
      ? { audit }
      : { drawn: { block: drawn.block, witnesses: drawn.witnesses, seed: drawn.seed } }),
    ...(tokensMax === undefined ? {} : { tokensMax }),
    ...(seal ? { seal: true } : {}),
  };
}
