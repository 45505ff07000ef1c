import { spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { type Anvil, startAnvil } from "../adapters/chain/anvil.ts";
import { type Contracts, ensureContracts } from "../adapters/chain/deploy.ts";
import type { Child, Children } from "../adapters/process/children.ts";
import { syntheticModel } from "../adapters/synthetic/model.ts";
import type { Log, Store } from "../ports.ts";
import type { ConfigKey } from "../protocol/config.ts";
import { HoldfastError } from "../protocol/errors.ts";
import { askGateway } from "./gateway-words.ts";
import { placeFlags, settingFlags, startChild } from "./local-child.ts";
import { findPlaces, type Place } from "./local-place.ts";
import { obtainModel } from "./model.ts";
import { processOf, type Run } from "./run-file.ts";
import type { Settings } from "./settings.ts";

export interface LocalPorts {
  readonly children: Children;
  /** The network's own small state: the ports it had, so that addresses peers remember stay true. */
  readonly store: Store;
  readonly log: Log;
  readonly say: (line: string) => void;
  readonly onClose: (close: () => Promise<void>) => void;
}

export interface LocalOptions {
  readonly settings: Settings;
  readonly nodes: number;
  /** The endpoint's. */
  readonly port: number;
}

type Facts = { [Part in "gateway" | "chain" | "model" | "providers"]: NonNullable<Run[Part]> };

export interface LocalNetwork {
  readonly run: Facts;
  readonly gateway: Child;
  /** Starts the gateway once more, at the address and out of the folder it had. */
  startGateway(): Child;
  /** Resolves when the chain's process has ended, to how. */
  readonly chainEnded: Promise<string>;
  readonly children: readonly Child[];
  /** Starts the providers that have ended again, on what is left on their disks. Those that do not come back are told of. */
  revive(): Promise<Pick<LocalNetwork, "children"> & { readonly providers: Facts["providers"] }>;
}

/**
 * Starts chain, gateway and providers, and waits until the gateway knows the providers. Goes on with fewer providers
 * than asked for when some fail, but not with none. Throws HoldfastError.
 */
export async function startLocalNetwork(
  ports: LocalPorts,
  options: LocalOptions,
  signal: AbortSignal,
): Promise<LocalNetwork> {
  const { settings, nodes } = options;
  const { rpcPort, places } = await findPlaces(ports.store, settings.home, nodes);
  const [gatewayPlace, ...providerPlaces] = places as [Place, ...Place[]];
  const rpc = `http://127.0.0.1:${rpcPort}`;
  const startGateway = (port: number | string) =>
    startChild(ports.children, settings, gatewayPlace, [
      ...["gateway", "--port", String(port), ...placeFlags(gatewayPlace, places, rpc)],
      ...settingFlags(settings, [
        "host",
        "hostsAllowed",
        "witnesses",
        "finality",
        "holdMs",
        "deadlineMs",
        "auditPercent",
      ]),
      ...Object.entries(settings.fallbacks ?? {}).flatMap(([model, next]) => [
        "--fallback",
        `${model}=${next.join(",")}`,
      ]),
    ]);
  const gateway = startGateway(options.port);
  // A gateway that cannot start (its port is taken) ends the wait for everything else.
  const ready = gateway.ready;
  const { model, anvil, chainEnded, contracts, started } = await Promise.race([
    startRest(ports, options, { places: providerPlaces, all: places, rpc, rpcPort }, signal),
    ready.then(() => never),
  ]);
  const { url, peer } = (await ready) as { url: string; peer: string };
  await untilKnown(ports, url, started.length, signal);
  return {
    gateway,
    startGateway: () => startGateway(new URL(url).port),
    chainEnded,
    children: [gateway, ...started.map(({ child }) => child)],
    async revive() {
      const children: Child[] = [];
      const reviving = started.map(async (one, at) => {
        if (!one.over()) return;
        started[at] = await one.again();
        children.push(started[at].child);
      });
      for (const outcome of await Promise.allSettled(reviving))
        if (outcome.status === "rejected") tellFailure(ports, outcome.reason);
      return { children, providers: started.map((one) => recordOf(one, model)) };
    },
    run: {
      gateway: {
        ...processOf(gateway.pid),
        url,
        peer,
        multiaddr: gatewayPlace.multiaddr,
        log: gatewayPlace.log,
      },
      chain: {
        ...processOf(anvil.pid),
        id: contracts.chainId,
        rpc: [rpc],
        bonds: contracts.bonds,
        models: contracts.models,
      },
      model: { id: model.id, name: model.name },
      providers: started.map((one) => recordOf(one, model)),
    },
  };
}

function recordOf(
  { child, place, facts }: Started,
  model: { readonly id: string },
): Facts["providers"][number] {
  return {
    ...{ name: place.name, ...processOf(child.pid), log: place.log, home: place.home, model: model.id },
    ...{ peer: String(facts["peer"]), address: String(facts["address"]) },
    ...{ endpoint: String(facts["endpoint"]), dataPort: place.dataPort, multiaddr: place.multiaddr },
  };
}

const never = new Promise<never>(() => {});

/** Everything but the gateway: providers as soon as there is a model to serve and a chain to bond on. */
async function startRest(
  ports: LocalPorts,
  options: LocalOptions,
  plan: { places: readonly Place[]; all: readonly Place[]; rpc: string; rpcPort: number },
  signal: AbortSignal,
) {
  const [model, { anvil, ended, contracts }] = await Promise.all([
    options.settings.engine === "synthetic" ? syntheticModel : obtainModel(options.settings, signal),
    startChain(ports, options.settings, plan.rpcPort),
  ]);
  const started = await startProviders(ports, options, plan, signal);
  return { model, anvil, chainEnded: ended, contracts, started };
}

async function startChain(
  { children, log, onClose }: LocalPorts,
  { home }: Settings,
  port: number,
): Promise<{ anvil: Anvil; ended: Promise<string>; contracts: Contracts }> {
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  const anvil = await startAnvil({
    ...{ home, port, log },
    spawn(file, args, options) {
      const child = spawn(file, args, options);
      // From its first moment: it knows nothing of lifelines.
      if (child.pid !== undefined) child.once("exit", children.guard(child.pid));
      child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
      return child;
    },
  });
  onClose(anvil.stop);
  return { anvil, ended, contracts: await ensureContracts({ rpc: anvil.rpc }) };
}

interface Started {
  readonly place: Place;
  readonly child: Child;
  readonly facts: Record<string, unknown>;
  /** Has its process ended, and is nobody starting it again? */
  over(): boolean;
  /** Starts it once more, as it was started. */
  again(): Promise<Started>;
}

/** Time between two starts, ms: a join costs the others a handshake of 16 ms and a few questions each. */
const staggerMs = 100;

async function startProviders(
  ports: LocalPorts,
  { settings }: LocalOptions,
  { places, all, rpc }: { places: readonly Place[]; all: readonly Place[]; rpc: string },
  signal: AbortSignal,
): Promise<Started[]> {
  const outcomes = await Promise.allSettled(
    places.map(async (place, index) => {
      await pause(index * staggerMs, undefined, { signal });
      const announce = settings.announce?.[index];
      return startProvider(ports, settings, place, [
        ...["provider", "--data-port", String(place.dataPort), ...placeFlags(place, all, rpc)],
        ...["--operator", settings.operator ?? `local-${index + 1}`, "--region", settings.region ?? "local"],
        ...(announce === undefined ? [] : ["--announce", announce]),
        ...settingFlags(settings, providerSettings),
      ]);
    }),
  );
  const failures = outcomes
    .filter((outcome) => outcome.status === "rejected")
    .map(({ reason }) => reason as unknown);
  const started = outcomes.filter((outcome) => outcome.status === "fulfilled").map(({ value }) => value);
  if (started.length === 0) throw failures[0];
  for (const failure of failures) tellFailure(ports, failure);
  return started;
}

/** What each provider is told of the network's settings. */
const providerSettings = [
  ...["engine", "pace", "model", "embeddings", "sha256", "threads", "slots", "contextTokens", "stake"],
  ...["priceIn", "priceOut"],
] as readonly ConfigKey[];

async function startProvider(
  ports: LocalPorts,
  settings: Settings,
  place: Place,
  args: readonly string[],
): Promise<Started> {
  const child = startChild(ports.children, settings, place, args);
  let ended = false;
  void child.ended.then(() => {
    ended = true;
  });
  const facts = await child.ready;
  return {
    ...{ place, child, facts, over: () => ended },
    async again() {
      // Who asks for it meanwhile must not start it a second time.
      ended = false;
      try {
        return await startProvider(ports, settings, place, args);
      } catch (error) {
        ended = true;
        throw error;
      }
    },
  };
}

function tellFailure({ say }: LocalPorts, failure: unknown): void {
  say(failure instanceof HoldfastError ? failure.explain() : String(failure));
}

/** Time providers that run have to become known to the gateway, ms. It takes a second or two on a busy machine. */
const knownMsMax = 20_000;

async function untilKnown(
  { say }: LocalPorts,
  url: string,
  wanted: number,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + knownMsMax;
  let known = 0;
  while (performance.now() < deadline && !signal.aborted) {
    known = (await askGateway(url))?.providers.length ?? 0;
    if (known >= wanted) return;
    await pause(50);
  }
  if (known > 0 || signal.aborted) return say(`the gateway knows ${known} of ${wanted} providers so far`);
  throw new HoldfastError("The gateway found no provider.", {
    code: "no-providers",
    fault: "holdfast",
    facts: { waitedMs: knownMsMax },
    remedy: "The logs in the home folder tell why; `holdfast doctor` looks at the machine.",
  });
}
