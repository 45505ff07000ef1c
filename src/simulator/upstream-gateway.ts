import type { Ms } from "../domain/ids.ts";
import type { Log } from "../ports.ts";
import { withFallbacks } from "../roles/gateway/fallback.ts";
import { createUpstreamBackend } from "../roles/gateway/upstreams/backend.ts";
import { createApplication } from "./application.ts";
import type { Chance } from "./chance.ts";
import type { Asked } from "./gateway.ts";
import type { Timeline } from "./timeline.ts";
import { createUpstreams, type ServerTraits, type SimulatedServer } from "./upstreams.ts";

/** A gateway over plain servers: the real role over the doubles. */
export interface SimulatedUpstreamGateway {
  readonly servers: readonly SimulatedServer[];
  /** Attempts made on suspicion so far. */
  readonly hedges: () => number;
  /** `ended` is called when the answer has. */
  ask(
    request: Record<string, unknown>,
    options: {
      readonly key?: string;
      readonly others?: readonly string[];
      readonly events?: boolean;
      readonly ended: () => void;
    },
  ): Asked;
}

/** What one server is like, and how many answers at once the gateway is told it takes. */
export interface UpstreamTraits extends ServerTraits {
  readonly slots?: number;
}

export function createUpstreamGateway(
  timeline: Timeline,
  chance: Chance,
  traits: readonly UpstreamTraits[],
  options: { readonly deadlineMs?: Ms } = {},
): SimulatedUpstreamGateway {
  const upstreams = createUpstreams(timeline, chance, traits);
  const clock = timeline.clock();
  const plain = createUpstreamBackend(
    { upstreams, clock, log, random: { bytes: (length) => new Uint8Array(length) } },
    {
      upstreams: upstreams.servers.map(({ url }, index) => {
        const { slots } = traits[index]!;
        return { name: url, url, forwardAuth: false, ...(slots === undefined ? {} : { slots }) };
      }),
      ...options,
    },
  );
  const backend = withFallbacks({ clock }, plain, {});
  return {
    servers: upstreams.servers,
    hedges: () => (backend.status() as { hedges: number }).hedges,
    ask(request, { key = "key", others = [], events = false, ended }) {
      const { seen, reply, hangUp } = createApplication(timeline.now, { events, ended });
      const messages = [{ role: "user", content: "Tell a story." }];
      const body = { model: "simulated", messages, stream: true, ...request };
      const headers = { authorization: `Bearer ${key}` };
      const raw = JSON.stringify(body);
      const call = { endpoint: "chat/completions", requestId: "r", body, raw, headers, reply } as const;
      backend.answer({ ...call, ...(others.length > 0 && { others }) });
      return { seen, hangUp };
    },
  };
}

const silent = () => {};
const log: Log = { debug: silent, info: silent, warn: silent, error: silent };
