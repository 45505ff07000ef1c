import { serveHttp } from "../adapters/http/server.ts";
import { systemClock } from "../adapters/system/clock.ts";
import { systemRandom } from "../adapters/system/random.ts";
import { createUpstreams } from "../adapters/upstream/client.ts";
import type { Log } from "../ports.ts";
import { HoldfastError } from "../protocol/errors.ts";
import type { HoldfastOptions } from "../protocol/holdfast-options.ts";
import type { Fallbacks } from "../protocol/models-wanted.ts";
import { parseUpstreams } from "../protocol/upstreams.ts";
import { createFace } from "../roles/gateway/face.ts";
import { withFallbacks } from "../roles/gateway/fallback.ts";
import { createUpstreamBackend } from "../roles/gateway/upstreams/backend.ts";
import { readKey } from "./upstream-key.ts";

export interface UpstreamGatewayOptions {
  /** 0: any free one. */
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** As flags or the configuration file give them (see protocol/upstreams.ts). */
  readonly upstreams: readonly unknown[];
  /** Host names besides this machine's own under which the gateway may be called. */
  readonly hostsAllowed?: readonly string[];
  readonly defaults?: HoldfastOptions;
  readonly deadlineMs?: number;
  readonly fallbacks?: Fallbacks;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export interface RunningGateway {
  /** `http://host:port`; the API is under `/v1`. */
  readonly url: string;
  /** Open streams end in an explicit error. */
  close(): Promise<void>;
}

/**
 * The gateway over plain upstreams, alone: this module and all it imports know no chain, no network of nodes and no
 * model. Throws HoldfastError `bad-upstream`, `no-upstreams` or `key-missing` (fault user), `port-busy`,
 * `cannot-listen` (fault environment).
 */
export async function startUpstreamGateway(
  ports: { readonly log: Log },
  options: UpstreamGatewayOptions,
): Promise<RunningGateway> {
  const { host, hostsAllowed, defaults, deadlineMs } = options;
  const specs = parseUpstreams(options.upstreams);
  if (specs.length === 0) {
    throw new HoldfastError("There is no upstream to serve from.", {
      code: "no-upstreams",
      fault: "user",
      remedy: "Name at least one: --upstream 'http://127.0.0.1:8000/v1,key=env:NAME,model=their-name'.",
    });
  }
  const upstreams = specs.map(({ key, ...spec }) =>
    key === undefined ? spec : { ...spec, key: readKey(key, spec.name, options.environment ?? process.env) },
  );

  const backend = createUpstreamBackend(
    { upstreams: createUpstreams(), clock: systemClock, random: systemRandom, log: ports.log },
    { upstreams, ...(defaults && { defaults }), ...(deadlineMs && { deadlineMs }) },
  );
  try {
    const server = await serveHttp(
      ports,
      { port: options.port, ...(host && { host }), ...(hostsAllowed && { hostsAllowed }) },
      createFace(withFallbacks({ clock: systemClock }, backend, options.fallbacks ?? {})),
    );
    ports.log.info("gateway.ready", { url: server.url, upstreams: upstreams.map(({ name }) => name) });
    return {
      url: server.url,
      async close() {
        await backend.close();
        await server.close();
      },
    };
  } catch (error) {
    await backend.close();
    throw error;
  }
}
