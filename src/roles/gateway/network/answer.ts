import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import type { JobId } from "../../../domain/ids.ts";
import type { Cast, Failure } from "../../../domain/inference/effect.ts";
import type { Policy } from "../../../domain/inference/spec.ts";
import type { Prospect } from "../../../domain/inference/state.ts";
import type { ModelOnOffer } from "../../../domain/market/models.ts";
import type { AnswerRequest } from "../../../protocol/chat-request.ts";
import type { HoldfastOptions } from "../../../protocol/holdfast-options.ts";
import { limits } from "../../../protocol/limits.ts";
import { gatewayClosing, type Refusal } from "../../../protocol/openai.ts";
import { type AnswerCall, spokenBy } from "../backend.ts";
import { clientOf } from "../client.ts";
import type { Line, Place } from "../line.ts";
import type { NetworkPorts } from "./backend.ts";
import { runDrawnJob } from "./drawn-job.ts";
import type { JobListener, JobRequest, Roster, RunningJob, RunPorts } from "./job-ports.ts";
import { refusalOf } from "./refusal.ts";
import type { NetworkRoster } from "./roster.ts";
import { runJob } from "./run-job.ts";
import { createStopper } from "./stopper.ts";
import { createWriter, type Finished } from "./writer.ts";

/** One call, understood. */
export interface Ask {
  readonly call: AnswerCall;
  readonly request: AnswerRequest;
  readonly wishes: HoldfastOptions;
  readonly model: ModelOnOffer;
  /** Time for all of it, waiting for seats included, ms. */
  readonly deadlineMs: number;
}

export interface AnswerPorts extends NetworkPorts, Pick<RunPorts, "heard" | "drifts"> {
  readonly roster: NetworkRoster;
  readonly line: Line;
}

/** One call's answer under way. */
export interface Answer {
  begin(): void;
  /** Ends it in an explicit error, for a gateway that goes down. */
  close(): void;
}

/** Runs one call's choices, each a job of its own with its own seed and place in line; calls `ended` once. */
export function createAnswer(ports: AnswerPorts, ask: Ask, ended: () => void): Answer {
  const { call, request, wishes, model } = ask;
  const { clock, line, roster } = ports;
  const nonce = ports.random.bytes(32);
  const job = bytesToHex(nonce);
  const deadlineAt = clock.now() + ask.deadlineMs;
  const writer = createWriter(call, request, {
    ...{ id: `${idPrefixes[call.endpoint]}-${job.slice(0, 24)}`, job, model: call.body.model },
    ...{ created: Math.floor(clock.wall() / 1000), finality: wishes.finality, spoken: spokenBy(call) },
    ...(wishes.committee && { committee: wishes.committee }),
  });
  const { witnesses } = wishes;
  const wanted = {
    model,
    witnesses,
    marks: roster.marksOf(request.prompt, model.id),
    schema: request.schema !== undefined,
  };
  const places: Place[] = [];
  const jobs: RunningJob[] = [];
  let left = request.choices;
  let over = false;

  function end(): void {
    if (over) return;
    over = true;
    for (const each of jobs) each.cancel();
    for (const place of places) place.leave();
    ended();
  }

  function refuse(refusal: Refusal): void {
    if (over) return;
    writer.refuse(refusal);
    end();
  }

  function fail(failure: Failure, waitMs: number | undefined): void {
    const prompt = request.prompt.kind === "chat" ? "messages" : "prompt";
    refuse(refusalOf(failure, { job, model, prompt, waitMs }));
  }

  function enter(choice: number): void {
    let room: readonly Prospect[] | undefined;
    const place = line.enter(model.id, {
      ...{ client: clientOf(call), deadlineAt },
      hasRoom() {
        room = roster.roomFor(wanted);
        // With nobody left at all there is nothing to wait for: the job begins, and says so.
        return room !== undefined || roster.modelOf(model.id) === undefined;
      },
      begin: () => begin(choice, room ?? []),
      refuse: (waitMs) => fail(noRoom, waitMs),
    });
    if (over) place.leave();
    else places[choice] = place;
  }

  function begin(choice: number, room: readonly Prospect[]): void {
    const listener = choiceListener(request.stops, {
      deliver: (text, cast) => writer.deliver(choice, text, cast),
      finish(ending) {
        writer.finish(choice, ending);
        left -= 1;
        if (left === 0) end();
        else places[choice]?.leave();
      },
      fail: (failure) => fail(failure, places[choice]?.waitMs()),
    });
    const prospects: Roster["prospects"] = (beside) => roster.prospectsOf(wanted, beside);
    const learning = {
      ...roster,
      prospects,
      learnt: (effect) => roster.learnt(effect, wanted),
    } satisfies Roster;
    const deadlineMs = Math.max(1, deadlineAt - clock.now());
    const asked = jobRequest(ask, nonce, { choice, deadlineMs, prospects: room });
    const heard: JobListener = (effect, receipt) =>
      over || listener(effect, receipt, () => running.satisfy());
    const { beacons } = ports;
    const running =
      wishes.committee === "drawn" && beacons !== undefined
        ? runDrawnJob({ ...ports, beacons }, { roster, wanted, learning }, asked, heard)
        : runJob(ports, learning, asked, heard);
    jobs.push(running);
  }

  return {
    begin() {
      call.reply.onAbort(end);
      for (let choice = 0; choice < request.choices && !over; choice++) enter(choice);
    },
    close: () => refuse(gatewayClosing),
  };
}

const idPrefixes = { "chat/completions": "chatcmpl", completions: "cmpl" } as const;

const noRoom: Failure = {
  code: "busy",
  message: "every provider of this model is at capacity",
  ...{ goodTokens: 0, switches: 0, attempts: 0 },
};

function jobRequest(
  { request, wishes, model }: Ask,
  nonce: Uint8Array,
  {
    choice,
    deadlineMs,
    prospects,
  }: { choice: number } & Pick<JobRequest, "prospects"> & Pick<Policy, "deadlineMs">,
): JobRequest {
  const id = choice === 0 ? nonce : sha256(concatBytes(nonce, Uint8Array.of(choice)));
  const { temperature, topP, minP, schema, prompt, tokensMax } = request;
  return {
    spec: {
      ...{ job: bytesToHex(id) as JobId, model: model.id, prompt, tokensMax },
      sampling: {
        temperature,
        topP,
        seed: seedOf(request.seed, nonce, choice),
        ...(minP === 0 ? {} : { minP }),
        ...(schema === undefined ? {} : { schema }),
      },
    },
    policy: {
      ...{ ...wishes, deadlineMs, attemptsMax: limits.attemptsMax },
      ...(wishes.committee === "drawn" ? { beaconMs: limits.positionsMsMax } : {}),
    },
    tokensDefault: limits.answerTokensDefault,
    ...{ contextTokens: model.contextTokens, staked: model.staked, prospects },
    receiptPrompt: wishes.receiptPrompt === true,
  };
}

interface ChoiceWriter {
  deliver(text: string, cast: Cast | undefined): void;
  finish(ending: Finished): void;
  fail(failure: Failure): void;
}

/** From a job's effects to one choice of the answer, with its stop strings. */
function choiceListener(stopStrings: readonly string[], out: ChoiceWriter) {
  const stops = createStopper(stopStrings);
  /** Goes with the next text that leaves; stop strings may withhold the first. */
  let cast: Cast | undefined;
  return (effect: Parameters<JobListener>[0], receipt: JobId | undefined, satisfy: () => void): void => {
    if (effect.kind === "fail") return out.fail(effect);
    if (effect.kind === "finish") {
      out.deliver(stops.rest(), cast);
      return out.finish({ ...effect, receipt, reason: stops.stopped() ? "stop" : effect.reason });
    }
    cast = effect.cast ?? cast;
    const text = stops.take(effect.text);
    out.deliver(text, cast);
    if (text !== "") cast = undefined;
    if (stops.stopped()) satisfy();
  };
}

/**
 * 32 bytes as hex, fixed before anyone is asked: the same user seed repeats, and none is unpredictable. Where the committee
 * is drawn it is announced, and the beacon is mixed in.
 */
function seedOf(seed: number | undefined, nonce: Uint8Array, choice: number): string {
  const source =
    seed === undefined
      ? concatBytes(nonce, utf8ToBytes(` ${choice}`))
      : utf8ToBytes(`user ${seed} ${choice}`);
  return bytesToHex(sha256(concatBytes(utf8ToBytes("holdfast seed 1 "), source)));
}
