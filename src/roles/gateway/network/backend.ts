import type { PeerId } from "../../../domain/ids.ts";
import { promptUnits } from "../../../domain/inference/prompt-size.ts";
import type { ModelOnOffer } from "../../../domain/market/models.ts";
import { createDrifts } from "../../../domain/verification/drift.ts";
import type { Beacons, Chain, Clock, Dialer, Log, Market, Random, Verify } from "../../../ports.ts";
import { type AnswerRequest, parseAnswerRequest } from "../../../protocol/chat-request.ts";
import {
  type HoldfastOptions,
  notDrawable,
  parseHoldfastOptions,
} from "../../../protocol/holdfast-options.ts";
import { limits } from "../../../protocol/limits.ts";
import {
  gatewayClosing,
  invalidRequest,
  isRefusal,
  type Refusal,
  serverError,
  unknownModel,
} from "../../../protocol/openai.ts";
import type { AnswerCall, Backend, Call, EmbeddingCall } from "../backend.ts";
import { createLine } from "../line.ts";
import { type Answer, type Ask, createAnswer } from "./answer.ts";
import { createEmbeddingAnswer } from "./embeddings/answer.ts";
import { understandEmbedding } from "./embeddings/ask.ts";
import type { RunPorts } from "./job-ports.ts";
import { promptTooLong, windowTooSmall } from "./refusal.ts";
import { createRoster } from "./roster.ts";
import { createWatch } from "./watch.ts";

export interface NetworkPorts {
  readonly market: Market;
  readonly dialer: Dialer;
  readonly chain: Chain;
  readonly verify: Verify;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly proofs: RunPorts["proofs"];
  readonly receipts: RunPorts["receipts"];
  readonly unwatched?: RunPorts["receipts"];
  /** What draws committees; without it nobody can be drawn. */
  readonly beacons?: Beacons;
  /** What convicts a node by itself, by the answer it was found in. */
  readonly evidence?: RunPorts["receipts"];
}

export interface NetworkOptions {
  /** What a request gets that names nothing. */
  readonly defaults: HoldfastOptions;
  readonly deadlineMs: number;
}

export interface NetworkBackend extends Backend {
  /** An audit has shown that it lied, long after. */
  condemn(peer: PeerId): void;
}

/** The open network behind the gateway's HTTP face: each choice of each call is a job among the providers on offer. */
export function createNetworkBackend(ports: NetworkPorts, options: NetworkOptions): NetworkBackend {
  const line = createLine(ports.clock);
  const roster = createRoster(ports, line.look);
  const inner = { ...ports, roster, line, heard: createWatch(ports), drifts: createDrifts(limits) };
  const answers = new Set<Answer>();
  let closing = false;

  function understand(call: AnswerCall): Ask | Refusal {
    if (closing) return gatewayClosing;
    const request = parseAnswerRequest(call.endpoint, call.body);
    if (isRefusal(request)) return request;
    const wishes = parseHoldfastOptions(call.body, call.headers, options.defaults);
    if (isRefusal(wishes)) return wishes;
    if (wishes.finality === "final" && wishes.witnesses === 0) {
      const message = 'finality "final" needs at least one witness: nothing is final that nobody checked.';
      return invalidRequest(message, "holdfast.witnesses");
    }
    const undrawn = wishes.committee === "drawn" ? whyNotDrawn(wishes, request) : undefined;
    if (undrawn !== undefined) return notDrawable(undrawn);
    const model = roster.modelOf(call.body.model);
    if (model === undefined) return lacking(call.body.model);
    if (model.dimensions !== undefined) return givesVectors(model);
    if (request.schema !== undefined && !model.schema) {
      const message = `No provider of ${model.name.slice(0, 128)} can hold an answer to a schema.`;
      return invalidRequest(message, "response_format", "unsupported_parameter");
    }
    const deadlineMs = options.deadlineMs - (call.passed?.ms ?? 0);
    return tooLong(call, request, model) ?? { call, request, wishes, model, deadlineMs };
  }

  /** A gateway that has just begun has met nobody yet: no model is unknown to it, and a client that is told so gives up. */
  function lacking(name: string): Refusal {
    const known = roster.models().map((model) => model.name);
    return known.length === 0 ? nobodyYet : unknownModel(name, known);
  }

  /** Why no committee can be drawn for it; undefined where one can. */
  function whyNotDrawn({ witnesses }: HoldfastOptions, { stops }: AnswerRequest): string | undefined {
    if (ports.beacons === undefined) return "this gateway sees no chain";
    if (witnesses === 0) return "it needs at least one witness, and so another finality than none";
    if (stops.length > 0)
      return "of an answer that a stop string ends nobody has seen the end, so leave out `stop`";
    return undefined;
  }

  function embed(call: EmbeddingCall): void {
    const ask = closing ? gatewayClosing : understandEmbedding(call, roster, options);
    if (isRefusal(ask)) return call.reply.refuse(ask);
    const answer = createEmbeddingAnswer(inner, ask, () => answers.delete(answer));
    answers.add(answer);
    answer.begin();
  }

  return {
    models: () =>
      roster.models().map(({ id, name, providers, contextTokens, dimensions, classes }) => ({
        id: name,
        ownedBy: "holdfast",
        facts: {
          ...{ digest: id, providers, contextTokens },
          ...(classes ? { labels: classes.labels } : dimensions && { dimensions }),
        },
      })),
    answer(call) {
      if (call.endpoint === "embeddings" || call.endpoint === "classify") return embed(call);
      const ask = understand(call);
      if (isRefusal(ask)) return call.reply.refuse(ask);
      const answer = createAnswer(inner, ask, () => answers.delete(answer));
      answers.add(answer);
      answer.begin();
    },
    status: () => ({ running: answers.size, queue: line.status(), ...roster.status() }),
    condemn: roster.condemn,
    async close() {
      closing = true;
      for (const answer of [...answers]) answer.close();
      await ports.dialer.close();
    },
  };
}

/** 400: there are no words to be had from it. */
function givesVectors({ name, classes }: ModelOnOffer): Refusal {
  const [gives, path] = classes ? ["classes", "/v1/classify"] : ["vectors", "/v1/embeddings"];
  const message = `${name.slice(0, 128)} gives ${gives}, not words: ask it at ${path}.`;
  return invalidRequest(message, "model", "unsupported_model");
}

const nobodyYet: Refusal = serverError(
  503,
  "No provider is known here yet: this gateway has just started, or its network is out of reach. Try again shortly; `holdfast status` shows who is there.",
  "no_providers",
  limits.retryAfterSeconds,
);

/** What cannot fit whatever its tokens are: nobody need be asked to know that, nor be sent megabytes. */
function tooLong({ body }: Call, request: AnswerRequest, model: ModelOnOffer): Refusal | undefined {
  const { prompt, tokensMax } = request;
  if (promptUnits(prompt) > model.contextTokens * limits.tokenLengthMax)
    return promptTooLong(model, prompt.kind === "chat" ? "messages" : "prompt");
  if (tokensMax === undefined || tokensMax < model.contextTokens) return undefined;
  const named = (body["max_completion_tokens"] ?? undefined) !== undefined;
  return windowTooSmall(model, tokensMax, named ? "max_completion_tokens" : "max_tokens");
}
