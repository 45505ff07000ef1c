import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { createChildren } from "../../adapters/process/children.ts";
import { freePorts } from "../../adapters/process/free-ports.ts";
import { isAlive } from "../../adapters/process/process-start.ts";
import { syntheticModel } from "../../adapters/synthetic/model.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { type Run, readRun } from "../run-file.ts";
import { childEnvironment } from "../settings.ts";
import { type Cable, layCable } from "./cable.ts";

/** One provider of the network that is to be broken. */
export interface ArenaNode {
  readonly name: string;
  readonly peer: string;
  readonly pid: number;
  readonly start: string | undefined;
  readonly home: string;
  /** What its data plane is reached through, where this run put one there. */
  readonly cable: Cable | undefined;
}

/** A running network, and what it takes to break it. */
export interface Arena {
  /** The processes that run from beginning to end: gateway, chain, and what started them. */
  readonly lasting: ReadonlyArray<{ readonly name: string; readonly pid: number }>;
  /** Ends in `/v1`. */
  readonly url: string;
  readonly model: string;
  /** Can every answer be computed, so that its text can be checked to the letter? */
  readonly synthetic: boolean;
  /** Jobs each node says it runs at once. */
  readonly slots: number;
  /** As they are now: a provider that was started again is another process. */
  nodes(): ArenaNode[];
  /** Has the network start these again; resolves when they serve. */
  revive(nodes: readonly ArenaNode[], signal: AbortSignal): Promise<void>;
  /** Ends what was started for this run. */
  close(): Promise<void>;
}

/** The network that runs out of this home folder. Throws HoldfastError `nothing-here` (fault environment). */
export function attach(home: string): Promise<Arena> {
  return arenaOf(home, new Map(), async () => {});
}

/** Starts a network like any other, in a folder of its own; `proxied` puts a proxy before each provider. */
export async function startArena(options: {
  /** The program to start it from: the sources' main file, or a bundle of them. */
  readonly main: string;
  readonly nodes: number;
  readonly proxied: boolean;
  /** Further flags for `holdfast up`. */
  readonly flags: readonly string[];
  readonly signal: AbortSignal;
}): Promise<Arena> {
  const home = mkdtempSync(join(tmpdir(), "holdfast-chaos-"));
  const children = createChildren();
  const ports = options.proxied ? await freePorts(options.nodes) : [];
  const list = await Promise.all(ports.map(layCable));
  const cables = new Map(list.map((cable, index) => [`provider ${index + 1}`, cable]));
  const close = async () => {
    for (const cable of list) cable.close();
    await children.stop();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };
  const network = children.start({
    name: "the network",
    args: [
      ...[options.main, "up", "--json", "--port", "0", "--home", home],
      ...["--nodes", String(options.nodes), ...options.flags],
      ...list.flatMap(({ port }) => ["--announce", `127.0.0.1:${port}`]),
    ],
    env: childEnvironment(process.env),
    log: join(home, "log"),
  });
  const aborted = new Promise<never>((_, reject) =>
    options.signal.addEventListener("abort", () => reject(options.signal.reason), { once: true }),
  );
  try {
    await Promise.race([network.ready, aborted]);
    const arena = await arenaOf(home, cables, close);
    for (const { name, dataPort } of recordOf(home).providers)
      if (dataPort !== undefined) cables.get(name)?.aim(dataPort);
    return arena;
  } catch (error) {
    await close();
    throw error;
  }
}

async function arenaOf(
  home: string,
  cables: ReadonlyMap<string, Cable>,
  close: () => Promise<void>,
): Promise<Arena> {
  const { gateway, chain, model, up } = recordOf(home);
  const status = await fetch(new URL("/holdfast/status", gateway.url)).then((answer) => answer.json());
  const { providers } = status as { providers: Array<{ slots: number }> };
  const slots = Math.min(...providers.map((each) => each.slots));
  const nodes = (): ArenaNode[] =>
    recordOf(home).providers.map(({ name, peer, pid, start, home: own }) => ({
      ...{ name, peer, pid, start, home: own ?? join(home, name.replace(" ", "-")) },
      cable: cables.get(name),
    }));
  return {
    ...{ url: gateway.url, model: model.name, slots, nodes, close },
    lasting: [
      { name: "gateway", pid: gateway.pid },
      ...(chain?.pid === undefined ? [] : [{ name: "chain", pid: chain.pid }]),
      { name: "holdfast up", pid: up.pid },
    ],
    synthetic: model.id === syntheticModel.id,
    async revive(dead, signal) {
      if (isAlive(up.pid, up.start)) process.kill(up.pid, "SIGUSR2");
      const deadline = performance.now() + reviveMsMax;
      const away = () =>
        nodes().filter(
          ({ name, pid, start }) => dead.some((one) => one.name === name) && !isAlive(pid, start),
        );
      while (!signal.aborted && performance.now() < deadline && away().length > 0) await pause(reviveLookMs);
    },
  };
}

/** Time killed providers have to serve again, ms; those that do not are told of by the network itself. */
const reviveMsMax = 60_000;
const reviveLookMs = 50;

type Whole = Run & { [Part in "gateway" | "model" | "up"]-?: NonNullable<Run[Part]> };

function recordOf(home: string): Whole {
  const run = readRun(home);
  const { up, gateway, model } = run ?? {};
  if (run !== undefined && up !== undefined && gateway !== undefined && model !== undefined) {
    if (isAlive(up.pid, up.start)) return { ...run, up, gateway, model };
  }
  throw new HoldfastError("No network of `holdfast up` runs out of this home folder.", {
    code: "nothing-here",
    fault: "environment",
    facts: { home },
    remedy: "Start one with `holdfast up`, or leave --home away and one is started for this run.",
  });
}
