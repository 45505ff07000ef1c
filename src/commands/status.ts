import { isAlive } from "../adapters/process/process-start.ts";
import { exitCode, HoldfastError } from "../protocol/errors.ts";
import { askGateway, type GatewayWords, type Seen } from "./gateway-words.ts";
import { type Run, readRun } from "./run-file.ts";
import { type Flags, readSettings } from "./settings.ts";
import { table } from "./table.ts";

interface ProviderStatus {
  readonly peer: string;
  /** Only of a process on this machine. */
  readonly pid?: number;
  readonly alive: boolean;
  readonly model: string | null;
  readonly domain: Readonly<Record<string, string>> | null;
  readonly offer: Readonly<Record<string, unknown>> | null;
  readonly name?: string;
  readonly endpoint?: string;
  readonly stake?: string;
  /** Only of a plain upstream: how it does, and the reason where that is not well. */
  readonly state?: "well" | "failing" | "unknown";
  readonly reason?: string | null;
}

/**
 * `holdfast status`: what runs out of a home folder, from its record, the processes themselves and what its gateway
 * knows. `--json`: `{home, gateway: {url, pid, alive}, chain: {id, rpc, …}, model, providers: [ProviderStatus], queue}`.
 * Exit code 0 when the gateway runs, else 3.
 */
export async function status(flags: Flags): Promise<void> {
  const { home } = readSettings(flags, process.env);
  const run = readRun(home);
  if (run === undefined) {
    throw new HoldfastError("Nothing was ever started from this home folder.", {
      code: "nothing-here",
      fault: "environment",
      facts: { home },
      remedy: "Start a network with `holdfast up`, or name another folder with --home.",
    });
  }
  const said = run.gateway === undefined ? undefined : await askAnew(run.gateway.url);
  const facts = factsOf(home, run, said);
  console.log(flags["json"] ? JSON.stringify(facts) : asText(facts));
  process.exitCode = facts.gateway?.alive === true ? 0 : exitCode.environment;
}

/** Time for a gateway to look at its upstreams, ms: a little longer than it waits for the slowest of them. */
const lookMsMax = 2_500;

async function askAnew(url: string): Promise<GatewayWords | undefined> {
  const said = await askGateway(url);
  if (said?.backend !== "upstreams") return said;
  // While nobody asks for answers it learns nothing of them, but by their lists of models.
  await fetch(`${url}/models`, { signal: AbortSignal.timeout(lookMsMax) }).catch(() => {});
  return askGateway(url);
}

type Facts = ReturnType<typeof factsOf>;

function factsOf(home: string, run: Run, said: GatewayWords | undefined) {
  const seen = said?.providers;
  const { gateway, chain, model } = run;
  const alive = (it: { pid?: number | undefined; start?: string | undefined }) =>
    it.pid !== undefined && isAlive(it.pid, it.start);
  return {
    home,
    startedAt: run.startedAt,
    gateway: gateway && { url: gateway.url, pid: gateway.pid, alive: alive(gateway), peer: gateway.peer },
    chain: chain && {
      id: chain.id,
      rpc: chain.rpc,
      pid: chain.pid,
      alive: alive(chain),
      bonds: chain.bonds,
      models: chain.models,
    },
    model,
    providers: [
      ...run.providers.map((one) => local(one, alive(one), seen)),
      ...(seen ?? []).filter(({ peer }) => !run.providers.some((one) => one.peer === peer)).map(remote),
    ],
    queue: said?.queue ?? [],
  };
}

function local(
  one: Run["providers"][number],
  alive: boolean,
  seen: readonly Seen[] | undefined,
): ProviderStatus {
  const { domain, offer, stake } = seen?.find(({ peer }) => peer === one.peer) ?? {};
  return {
    ...{
      peer: one.peer,
      pid: one.pid,
      alive,
      model: one.model,
      domain: domain ?? null,
      offer: offer ?? null,
    },
    ...{ name: one.name, endpoint: one.endpoint, ...(stake === undefined ? {} : { stake }) },
  };
}

function remote(one: Seen): ProviderStatus {
  const [endpoint] = one.endpoints ?? [];
  return {
    ...{ peer: one.peer, alive: one.alive ?? true, model: one.models?.[0]?.id ?? null },
    ...{ domain: one.domain ?? null, offer: one.offer ?? null },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(one.stake === undefined ? {} : { stake: one.stake }),
    ...(one.state === undefined ? {} : { state: one.state, reason: one.reason ?? null }),
  };
}

function asText({ home, gateway, chain, model, providers, queue }: Facts): string {
  const mark = (alive: boolean) => (alive ? "running" : "not running");
  const rows = [["who", "state", "pid", "where", "what"]];
  if (gateway)
    rows.push(["gateway", mark(gateway.alive), String(gateway.pid), gateway.url, gateway.peer ?? ""]);
  if (chain)
    rows.push(["chain", mark(chain.alive), String(chain.pid ?? ""), chain.rpc.join(" "), `id ${chain.id}`]);
  for (const one of providers) {
    if (one.state !== undefined) {
      const facts = [one.peer, one.model, one.reason].filter((fact) => fact !== null && fact !== undefined);
      rows.push(["upstream", one.state, "", one.endpoint ?? "", facts.join(", ")]);
      continue;
    }
    const what = one.model === model?.id ? (model?.name ?? "") : (one.model ?? "");
    // Its offer outlives a node by up to a minute.
    const held = one.offer === null ? "no offer" : one.alive ? "on offer" : "gone";
    const offered = held === "on offer" && one.offer?.["unverified"] ? `${held} (unverified engine)` : held;
    rows.push([
      one.name ?? "provider",
      mark(one.alive),
      String(one.pid ?? ""),
      one.endpoint ?? "",
      `${what}, ${offered}, ${one.peer}`,
    ]);
  }
  const lines = queue
    .filter(({ waiting, refused }) => waiting + refused > 0)
    .map(({ model: id, waiting, clients, waitMs, refused }) => {
      const name = id === model?.id ? model.name : id;
      const wait = waitMs === undefined ? "" : `, a newcomer for about ${Math.ceil(waitMs / 1000)} s`;
      return `${name}: ${waiting} requests of ${clients} clients wait for seats${wait}; ${refused} were refused`;
    });
  return [home, table(rows), ...lines].join("\n");
}
