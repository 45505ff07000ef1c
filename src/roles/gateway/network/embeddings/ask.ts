import type { ModelOnOffer } from "../../../../domain/market/models.ts";
import { parseClassifyRequest, parseEmbeddingRequest } from "../../../../protocol/embedding-request.ts";
import {
  type HoldfastOptions,
  notDrawable,
  parseHoldfastOptions,
} from "../../../../protocol/holdfast-options.ts";
import { limits } from "../../../../protocol/limits.ts";
import { invalidRequest, isRefusal, type Refusal, unknownModel } from "../../../../protocol/openai.ts";
import type { EmbeddingCall } from "../../backend.ts";
import type { NetworkRoster } from "../roster.ts";
import type { EmbeddingAsk } from "./answer.ts";

/** What a call for vectors or classes asks, of a model that can give them; or why it cannot be done. */
export function understandEmbedding(
  call: EmbeddingCall,
  roster: Pick<NetworkRoster, "modelOf" | "models">,
  options: { readonly defaults: HoldfastOptions; readonly deadlineMs: number },
): EmbeddingAsk | Refusal {
  const classify = call.endpoint === "classify";
  const request = (classify ? parseClassifyRequest : parseEmbeddingRequest)(call.body);
  if (isRefusal(request)) return request;
  const wishes = parseHoldfastOptions(call.body, call.headers, options.defaults);
  if (isRefusal(wishes)) return wishes;
  if (wishes.committee === "drawn") return notDrawable("only answers in words have one");
  if (wishes.finality === "final" && wishes.witnesses === 0) return nobodyChecks;
  const model = roster.modelOf(call.body.model);
  const { dimensions } = model ?? {};
  if (model === undefined) return unknownModel(call.body.model, namesOf(roster, classify));
  if (dimensions === undefined || (model.classes !== undefined) !== classify)
    return unfit(model, classify, namesOf(roster, classify));
  if (request.dimensions !== undefined && request.dimensions !== dimensions)
    return invalidRequest(
      `The vectors of ${model.name.slice(0, 128)} hold ${dimensions} numbers and cannot be cut.`,
      "dimensions",
      "unsupported_parameter",
    );
  const most = Math.floor(limits.embeddingValuesMax / dimensions);
  if (request.inputs.length > most)
    return invalidRequest(`At most ${most} texts at once for vectors of ${dimensions} numbers.`, "input");
  const deadlineMs = options.deadlineMs - (call.passed?.ms ?? 0);
  return { call, request, wishes, deadlineMs, model: { ...model, dimensions } };
}

const nobodyChecks = invalidRequest(
  'finality "final" needs at least one witness: nothing is final that nobody checked.',
  "holdfast.witnesses",
);

/** 400: what it gives would be of no use. */
function unfit({ name }: ModelOnOffer, classify: boolean, able: readonly string[]): Refusal {
  const others = able.length === 0 ? "No model here does." : `Those that do: ${able.slice(0, 3).join(", ")}.`;
  const message = `${name.slice(0, 128)} gives no ${classify ? "classes" : "vectors"}. ${others}`;
  return invalidRequest(message, "model", "unsupported_model");
}

/** Of models that give classes, or else vectors. */
function namesOf(roster: Pick<NetworkRoster, "models">, classify: boolean): string[] {
  return roster
    .models()
    .filter(({ dimensions, classes }) => dimensions !== undefined && (classes !== undefined) === classify)
    .map(({ name }) => name.slice(0, 128));
}
