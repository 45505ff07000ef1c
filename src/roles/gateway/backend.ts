import type { Ms } from "../../domain/ids.ts";
import type { Reply } from "../../ports.ts";
import type { HoldfastSpoken } from "../../protocol/openai.ts";

/**
 * What stands behind the gateway's HTTP face: the open network, or a list of plain upstreams. The face has checked
 * size, method, path and that the body is a JSON object with a `model`; everything else is the backend's to judge.
 */
export interface Backend {
  models(): readonly ModelCard[] | Promise<readonly ModelCard[]>;
  /** Answers one call, streaming or not, through its `reply`. Never throws; a failure is an answer too. */
  answer(call: Call): void;
  /** Facts for `GET /holdfast/status`, merged into the answer. */
  status(): Record<string, unknown>;
  close(): Promise<void>;
}

export interface ModelCard {
  readonly id: string;
  readonly ownedBy: string;
  /** Extra facts, shown under `holdfast`. */
  readonly facts?: Record<string, unknown>;
}

export type Call = AnswerCall | EmbeddingCall;

/** Asks for words. */
export interface AnswerCall extends CallFacts {
  readonly endpoint: "chat/completions" | "completions";
}

/** Asks for vectors, or for what a classifier makes of texts. */
export type EmbeddingCall = (CallFacts & { readonly endpoint: "embeddings" }) | ClassifyCall;

interface ClassifyCall extends CallFacts {
  readonly endpoint: "classify";
}

interface CallFacts {
  /** Also the answer's `x-request-id` header. */
  readonly requestId: string;
  readonly body: Readonly<Record<string, unknown>> & { readonly model: string };
  /** The body as the application wrote it: numbers too large for JavaScript and unknown fields are whole here. */
  readonly raw: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The models that will do when nobody serves `body.model`, where the request names any. */
  readonly others?: readonly string[];
  /** The address it came from, where that is known. */
  readonly remote?: string;
  /** The models that were tried before this one and that nobody answered with, and the time that took, ms. */
  readonly passed?: { readonly models: readonly string[]; readonly ms: Ms };
  /** Another model is tried when nobody can answer with this one. */
  readonly replaceable?: boolean;
  readonly reply: Reply;
}

/** Which model speaks in the answer to this call, as `holdfast` says it. */
export function spokenBy({ body, passed }: Call): HoldfastSpoken {
  return { model: body.model, ...(passed === undefined ? {} : { insteadOf: passed.models }) };
}
