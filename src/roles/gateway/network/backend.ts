import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import type { JobId } from "../../../domain/ids.ts";
import type { Cast, Ending, Failure } from "../../../domain/inference/effect.ts";
import { scanStops } from "../../../domain/inference/stops.ts";
import type { ModelOnOffer } from "../../../domain/market/models.ts";
import type { Chain, Clock, Dialer, Log, Market, Random, Verify } from "../../../ports.ts";
import { type AnswerRequest, parseAnswerRequest } from "../../../protocol/chat-request.ts";
import { type HoldfastOptions, parseHoldfastOptions } from "../../../protocol/holdfast-options.ts";
import { limits } from "../../../protocol/limits.ts";
import { invalidRequest, isRefusal, unknownModel } from "../../../protocol/openai.ts";
import type { Backend, Call } from "../backend.ts";
import { createLine, type Line } from "./line.ts";
import { createRoster, type NetworkRoster } from "./roster.ts";
import { type JobListener, type JobRequest, runJob } from "./run-job.ts";
import { createWriter } from "./writer.ts";

export interface NetworkPorts {
  readonly market: Market;
  readonly dialer: Dialer;
  readonly chain: Chain;
  readonly verify: Verify;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface NetworkOptions {
  /** What a request gets that names nothing. */
  readonly defaults: HoldfastOptions;
  readonly deadlineMs: number;
}

/** The open network behind the gateway's HTTP face: each choice of each call is a job among the providers on offer. */
export function createNetworkBackend(ports: NetworkPorts, options: NetworkOptions): Backend {
  const line = createLine(ports.clock);
  const roster = createRoster(ports, line.look);
  let running = 0;

  return {
    models: () =>
      roster.models().map(({ id, name, providers }) => ({
        id: name,
        ownedBy: "holdfast",
        facts: { digest: id, providers },
      })),
    answer(call) {
      const request = parseAnswerRequest(call.endpoint, call.body);
      if (isRefusal(request)) return call.reply.refuse(request);
      const wishes = parseHoldfastOptions(call.body, call.headers, options.defaults);
      if (isRefusal(wishes)) return call.reply.refuse(wishes);
      if (wishes.finality === "final" && wishes.witnesses === 0) {
        const message = 'finality "final" needs at least one witness: nothing is final that nobody checked.';
        return call.reply.refuse(invalidRequest(message, "holdfast.witnesses"));
      }
      const model = roster.modelOf(call.body.model);
      if (model === undefined) return call.reply.refuse(unknownModel(call.body.model));
      running += 1;
      answer(
        { ...ports, roster, line },
        { call, request, wishes, model, deadlineMs: options.deadlineMs },
        () => {
          running -= 1;
        },
      );
    },
    status: () => ({ running, ...roster.status() }),
    close: () => ports.dialer.close(),
  };
}

interface Ask {
  readonly call: Call;
  readonly request: AnswerRequest;
  readonly wishes: HoldfastOptions;
  readonly model: ModelOnOffer;
  readonly deadlineMs: number;
}

interface AnswerPorts extends NetworkPorts {
  readonly roster: NetworkRoster;
  readonly line: Line;
}

/** Runs one call's choices, each a job of its own with its own seed, and calls `ended` once. */
function answer(ports: AnswerPorts, ask: Ask, ended: () => void): void {
  const { call, request, wishes, model } = ask;
  const nonce = ports.random.bytes(32);
  const base = bytesToHex(nonce);
  const created = Math.floor(ports.clock.wall() / 1000);
  const prefix = call.endpoint === "chat/completions" ? "chatcmpl" : "cmpl";
  const writer = createWriter(call, request, {
    ...{ id: `${prefix}-${base.slice(0, 24)}`, job: base, model: call.body.model, created },
    finality: wishes.finality,
  });
  /** How to give up each choice, waiting or running. */
  const letGo: Array<() => void> = [];
  let left = request.choices;
  let over = false;
  const end = () => {
    if (over) return;
    over = true;
    for (const go of letGo) go();
    ended();
  };
  call.reply.onAbort(end);
  for (let choice = 0; choice < request.choices && !over; choice++) {
    const listener = choiceListener(request.stops, {
      deliver: (text, cast) => writer.deliver(choice, text, cast),
      finish(ending) {
        writer.finish(choice, ending);
        left -= 1;
        if (left === 0) end();
      },
      fail(failure) {
        writer.fail(failure);
        end();
      },
    });
    const begin = () => {
      const job = runJob(
        ports,
        {
          ...ports.roster,
          prospects: (without) => ports.roster.prospectsOf(model, wishes.witnesses, without),
        },
        jobRequest(ask, nonce, choice),
        (effect) => over || listener(effect, () => job.satisfy()),
      );
      letGo.push(job.cancel);
    };
    const leave = ports.line.enter({
      begin,
      hasRoom: () => ports.roster.hasRoomFor(model, 1 + wishes.witnesses),
      refuse: () => over || listener(noRoom, () => {}),
    });
    letGo.push(leave);
  }
}

const noRoom: Parameters<JobListener>[0] = {
  kind: "fail",
  code: "busy",
  message: "every provider of this model is at capacity",
  ...{ goodTokens: 0, switches: 0, attempts: 0 },
};

function jobRequest(
  { request, wishes, model, deadlineMs }: Ask,
  nonce: Uint8Array,
  choice: number,
): JobRequest {
  const id = choice === 0 ? nonce : sha256(concatBytes(nonce, Uint8Array.of(choice)));
  const { temperature, topP, prompt, tokensMax } = request;
  return {
    spec: {
      ...{ job: bytesToHex(id) as JobId, model: model.id, prompt, tokensMax },
      sampling: { temperature, topP, seed: seedOf(request.seed, nonce, choice) },
    },
    policy: { ...wishes, deadlineMs, attemptsMax: limits.attemptsMax },
    tokensDefault: limits.answerTokensDefault,
    contextTokens: model.contextTokens,
  };
}

interface ChoiceWriter {
  deliver(text: string, cast: Cast | undefined): void;
  finish(ending: Ending): void;
  fail(failure: Failure): void;
}

/** From a job's effects to one choice of the answer, with its stop strings. */
function choiceListener(stopStrings: readonly string[], out: ChoiceWriter) {
  const stops = createStopper(stopStrings);
  /** Goes with the next text that leaves; stop strings may withhold the first. */
  let cast: Cast | undefined;
  return (effect: Parameters<JobListener>[0], satisfy: () => void): void => {
    if (effect.kind === "fail") return out.fail(effect);
    if (effect.kind === "finish") {
      out.deliver(stops.rest(), cast);
      return out.finish({ ...effect, reason: stops.stopped() ? "stop" : effect.reason });
    }
    cast = effect.cast ?? cast;
    const text = stops.take(effect.text);
    out.deliver(text, cast);
    if (text !== "") cast = undefined;
    if (stops.stopped()) satisfy();
  };
}

/** 32 bytes as hex, fixed before anyone is asked: the same user seed repeats, and none is unpredictable. */
function seedOf(seed: number | undefined, nonce: Uint8Array, choice: number): string {
  const source =
    seed === undefined
      ? concatBytes(nonce, utf8ToBytes(` ${choice}`))
      : utf8ToBytes(`user ${seed} ${choice}`);
  return bytesToHex(sha256(concatBytes(utf8ToBytes("holdfast seed 1 "), source)));
}

/** Stop strings over one choice's deliveries. */
function createStopper(stops: readonly string[]) {
  let withheld = "";
  let stopped = false;
  return {
    take(added: string): string {
      if (stopped) return "";
      const scan = scanStops(stops, withheld, added);
      withheld = scan.withheld;
      stopped = scan.stopped;
      return scan.text;
    },
    rest: () => (stopped ? "" : withheld),
    stopped: () => stopped,
  };
}
