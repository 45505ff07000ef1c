import { bytesToHex } from "@noble/hashes/utils.js";
import type { JobId, Ms } from "../../../../domain/ids.ts";
import type { FailureCode } from "../../../../domain/inference/effect.ts";
import type { Prospect } from "../../../../domain/inference/state.ts";
import type { ModelOnOffer } from "../../../../domain/market/models.ts";
import type { EmbeddingRequest } from "../../../../protocol/embedding-request.ts";
import type { HoldfastOptions } from "../../../../protocol/holdfast-options.ts";
import { gatewayClosing, invalidRequest, type Refusal } from "../../../../protocol/openai.ts";
import type { EmbeddingCall } from "../../backend.ts";
import { clientOf } from "../../client.ts";
import type { Place } from "../../line.ts";
import type { Answer, AnswerPorts } from "../answer.ts";
import { refusalOf } from "../refusal.ts";
import { answerBody } from "./body.ts";
import { createPanel, type Outcomes } from "./panel.ts";
import { replicationReceiptOf } from "./receipt-of.ts";

/** One call for vectors, understood. */
export interface EmbeddingAsk {
  readonly call: EmbeddingCall;
  readonly request: EmbeddingRequest;
  readonly wishes: HoldfastOptions;
  readonly model: ModelOnOffer & { readonly dimensions: number };
  readonly deadlineMs: Ms;
}

/** Vectors of one call: from its place in line to the body, or to what stands in its way; calls `ended` once. */
export function createEmbeddingAnswer(ports: AnswerPorts, ask: EmbeddingAsk, ended: () => void): Answer {
  const { call, request, wishes, model } = ask;
  const { clock, line, roster } = ports;
  const { market } = ports.proofs;
  const job = bytesToHex(ports.random.bytes(32)) as JobId;
  const deadlineAt = clock.now() + ask.deadlineMs;
  const wanted = { model, witnesses: wishes.witnesses, marks: [], schema: false };
  let panel: ReturnType<typeof createPanel> | undefined;
  let place: Place | undefined;
  let cancelDeadline = () => {};
  let replied = false;
  let over = false;

  function end(): void {
    if (over) return;
    over = true;
    place?.leave();
    cancelDeadline();
    panel?.end();
    ended();
  }

  function refuse(refusal: Refusal): void {
    if (!replied && !over) call.reply.refuse(refusal);
    end();
  }

  function fail(code: FailureCode, message: string, attempts = 0): void {
    const failure = { code, message, goodTokens: 0, switches: 0, attempts };
    refuse(refusalOf(failure, { job, model, prompt: "input", waitMs: place?.waitMs() }));
  }

  function begin(prospects: readonly Prospect[]): void {
    const leftMs = () => deadlineAt - clock.now();
    cancelDeadline = clock.after(Math.max(1, leftMs()), () => fail("deadline", "the job's time is over"));
    panel = createPanel(ports, {
      ...{ wanted, prospects, strict: wishes.finality === "final", leftMs, settled, over: end },
      job: {
        ...{ market, dimensions: model.dimensions },
        spec: { job, model: model.id, classes: model.classes, inputs: request.inputs },
      },
    });
    panel.begin();
  }

  function settled(outcomes: Outcomes): void {
    const { agreement, disputed, testimonies, blame, attempts } = outcomes;
    const chosen = testimonies.find(({ peer }) => agreement === undefined || peer === agreement.by[0]);
    if (chosen === undefined || blame !== undefined) return refuse(failureOf(outcomes));
    if (agreement === undefined && disputed)
      return fail("disputed", "replicas disagree, and nobody is left to decide", attempts);
    if (agreement === undefined && wishes.finality === "final")
      return fail("not-final", "too few replicas could be compared", attempts);
    const receipt = agreement !== undefined && wishes.receiptPrompt === true;
    if (receipt) {
      const kept = replicationReceiptOf(ports, ask, { job, agreement, testimonies });
      ports.receipts.put(job, JSON.stringify(kept));
    }
    roster.answered();
    // Those still at work are heard out: they are asked for nothing more, but may yet show what they are.
    replied = true;
    cancelDeadline();
    place?.leave();
    call.reply.json(200, answerBody(ask, { job, chosen, agreement, attempts, receipt }));
  }

  function failureOf({ blame, refusals, attempts }: Outcomes): Refusal {
    const tooLong = `Each text has to fit the ${model.contextTokens} tokens of ${model.name.slice(0, 128)}. (job ${job})`;
    if (blame === "context-overflow") return invalidRequest(tooLong, "input", "context_length_exceeded");
    const isBusy = refusals.length > 0 && refusals.every((each) => each === "busy");
    const [code, message] = blame
      ? ([blame, "the texts were refused"] as const)
      : isBusy
        ? (["busy", "every provider of this model is at capacity"] as const)
        : (["no-providers", "no provider of this model could answer"] as const);
    const failure = { code, message, goodTokens: 0, switches: 0, attempts };
    return refusalOf(failure, { job, model, prompt: "input", waitMs: place?.waitMs() });
  }

  return {
    begin() {
      call.reply.onAbort(end);
      let room: readonly Prospect[] | undefined;
      const entered = line.enter(model.id, {
        ...{ client: clientOf(call), deadlineAt },
        hasRoom() {
          room = roster.roomFor(wanted);
          return room !== undefined || roster.modelOf(model.id) === undefined;
        },
        begin: () => begin(room ?? []),
        refuse: () => fail("busy", "every provider of this model is at capacity"),
      });
      if (over || replied) entered.leave();
      else place = entered;
    },
    close: () => refuse(gatewayClosing),
  };
}
