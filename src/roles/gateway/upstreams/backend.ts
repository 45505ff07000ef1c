import { traitsOf } from "../../../domain/continuation/traits.ts";
import { standing } from "../../../domain/routing/health.ts";
import type { Random } from "../../../ports.ts";
import {
  type HoldfastOptions,
  notDrawable,
  parseHoldfastOptions,
} from "../../../protocol/holdfast-options.ts";
import { limits } from "../../../protocol/limits.ts";
import { gatewayClosing, invalidRequest, isRefusal, type Refusal } from "../../../protocol/openai.ts";
import { refuseUnreadable } from "../../../protocol/passed-request.ts";
import type { Backend, Call } from "../backend.ts";
import { createLine } from "../line.ts";
import { Catalogue } from "./catalogue.ts";
import { Fleet } from "./fleet.ts";
import { Job, type JobPorts } from "./job.ts";
import { jobIds } from "./job-ids.ts";
import { faultText, type Member } from "./member.ts";
import type { UpstreamTarget } from "./request.ts";
import { type Turn, takeTurn } from "./turn.ts";
import { shownUrl, warnOfUnlisted } from "./unlisted.ts";
import { WitnessedJob } from "./witnessed-job.ts";

export interface UpstreamBackendPorts extends JobPorts {
  readonly random: Random;
}

export interface UpstreamBackendOptions {
  readonly upstreams: readonly UpstreamTarget[];
  /** What requests get that ask for nothing else. Without one: stream, no witnesses. */
  readonly defaults?: HoldfastOptions;
  /** Until the first content (the whole answer without streaming), all attempts together; then while it goes on. */
  readonly deadlineMs?: number;
}

const defaultsOfUpstreams: HoldfastOptions = { finality: "stream", witnesses: 0, holdMs: 250 };

/** The gateway's backend over plain OpenAI-compatible servers: no chain, no network of nodes, no model. */
export function createUpstreamBackend(ports: UpstreamBackendPorts, options: UpstreamBackendOptions): Backend {
  const { clock, upstreams, log, random } = ports;
  const fleet = new Fleet(options.upstreams, random.bytes(32));
  const catalogue = new Catalogue(ports, fleet);
  const nextId = jobIds(random);
  const line = createLine(clock);
  const turns = new Set<Turn>();
  let closing = false;
  void catalogue.refresh().then(() => {
    if (!closing) warnOfUnlisted(log, fleet.members);
  });

  return {
    models: () => catalogue.refresh().then(() => catalogue.cards()),

    answer(call) {
      if (closing) return call.reply.refuse(gatewayClosing);
      const unreadable = isForWords(call) ? refuseUnreadable(call.body) : undefined;
      if (unreadable !== undefined) return call.reply.refuse(unreadable);
      const holdfast = holdfastOptions(call, options.defaults ?? defaultsOfUpstreams);
      if (isRefusal(holdfast)) return call.reply.refuse(holdfast);
      // For the next call: this one waits for no list of models.
      void catalogue.refresh();
      const deadlineMs = (options.deadlineMs ?? limits.upstreamDeadlineMsDefault) - (call.passed?.ms ?? 0);
      const turn = takeTurn(
        { clock, line },
        {
          ...{ call, fleet, deadlineMs, seats: 1 + holdfast.witnesses },
          job: (chance) =>
            new (holdfast.witnesses > 0 ? WitnessedJob : Job)(
              { clock, upstreams, log },
              { ...{ id: nextId(), fleet, call, holdfast }, ...chance },
            ),
          over: () => turns.delete(turn),
        },
      );
      turns.add(turn);
      turn.begin();
    },

    status: () => ({
      backend: "upstreams",
      inFlight: turns.size,
      queue: line.status(),
      hedges: fleet.hedgesMade,
      providers: fleet.members.map((member) => statusOf(member, clock.now())),
    }),

    async close() {
      closing = true;
      for (const turn of [...turns]) turn.close();
      await upstreams.close();
    },
  };
}

function isForWords({ endpoint }: Call): boolean {
  return endpoint === "chat/completions" || endpoint === "completions";
}

/** What applies to this call; witnesses are for requests that ask for the same answer every time. */
function holdfastOptions(call: Call, defaults: HoldfastOptions): HoldfastOptions | Refusal {
  const asked = parseHoldfastOptions(call.body, call.headers, defaults);
  if (isRefusal(asked)) return asked;
  if (asked.committee === "drawn") return notDrawable("plain upstreams have no stake to be drawn by");
  const { deterministic } = traitsOf(call.endpoint, call.body);
  if (asked.finality !== "final") return { ...asked, witnesses: deterministic ? asked.witnesses : 0 };
  if (deterministic) return { ...asked, witnesses: Math.max(1, asked.witnesses) };
  const message =
    '`finality: "final"` over plain upstreams compares two texts, so it needs a request that asks for the same ' +
    "answer every time: temperature 0, or a seed.";
  return invalidRequest(message, "holdfast.finality");
}

/** An upstream in the words of `holdfast status`: a provider whose peer id is its name. */
function statusOf(member: Member, now: number): Record<string, unknown> {
  const { target, health, running, lastFault, latencyMs, catalogue, condition } = member;
  const state = standing(health, now);
  const models = target.model === undefined ? [...(catalogue ?? [])] : [target.model];
  return {
    ...{
      peer: target.name,
      endpoints: [shownUrl(target.url)],
      models: models.map((name) => ({ id: name, name })),
    },
    ...condition,
    ...{ alive: state !== "quarantined", standing: state, incidents: health.incidents, running },
    firstContentMs: latencyMs === undefined ? null : Math.round(latencyMs),
    lastFault: lastFault === undefined ? null : faultText(lastFault),
  };
}
