import { join } from "node:path";
import { type Child, createChildren } from "../adapters/process/children.ts";
import { openStore } from "../adapters/sqlite/store.ts";
import { exitCode, HoldfastError } from "../protocol/errors.ts";
import { defaultNodes, defaultPort } from "./defaults.ts";
import { makeHome } from "./home-folder.ts";
import { type LocalNetwork, startLocalNetwork } from "./local-network.ts";
import { commandLog } from "./log.ts";
import { processOf, type Run, readRun, writeRun } from "./run-file.ts";
import { type Flags, readSettings, type Settings } from "./settings.ts";
import { onStop, parentGone } from "./stopping.ts";
import { table } from "./table.ts";

/**
 * `holdfast up`: a whole network on this machine, in the foreground. With `--json` exactly one line goes to standard
 * output, `{"url": …}`, once a request will be answered.
 */
export async function up(flags: Flags): Promise<void> {
  const json = flags["json"] === true;
  const settings = readSettings(flags, process.env);
  makeHome(settings.home);
  const say = (line: string) => (json ? console.error(line) : console.log(line));
  const children = createChildren();
  const closers: Array<() => Promise<void>> = [children.stop];
  const ending = onStop(async (why) => {
    if (why !== parentGone) say("stopping");
    await Promise.all(closers.map((close) => close()));
  });
  const store = openHome(settings);
  const network = await startLocalNetwork(
    { children, store, log: commandLog(settings), say, onClose: (close) => closers.push(close) },
    { settings, nodes: settings.nodes ?? defaultNodes, port: portOf(settings, json) },
    ending,
  );
  if (ending.aborted) return;
  let run: Run = { v: 1, startedAt: new Date().toISOString(), up: processOf(), ...network.run };
  writeRun(settings.home, run);
  const record = (change: Partial<Run>) => {
    run = { ...run, ...change };
    try {
      writeRun(settings.home, run);
    } catch (error) {
      // A full disk must not end a network that runs; only `holdfast status` lags behind it.
      console.error(`${join(settings.home, "run.json")} could not be written: ${String(error)}`);
    }
  };
  if (json) console.log(JSON.stringify({ url: network.run.gateway.url }));
  (json ? console.error : console.log)(summary(run));
  const watch = tellWhoEnds(network, ending);
  // Who was killed stays dead until somebody asks for everybody again; `holdfast chaos` does.
  process.on("SIGUSR2", () => {
    void network.revive().then(({ children, providers }) => {
      record({ providers });
      for (const child of children) watch(child);
    });
  });
  await keepGateway(network, ending, ({ pid }) =>
    record({ gateway: { ...network.run.gateway, ...processOf(pid) } }),
  );
  if (ending.aborted) return;
  await Promise.all(closers.map((close) => close()));
  process.exit(exitCode.holdfast);
}

/** A gateway that has run for this long, ms, had begun well; one that ends sooner so many times in a row never will. */
const steadyMs = 10_000;
const hastyEndsMax = 3;

/**
 * The endpoint is the one process whose loss an application sees: it is started again where it was. Resolves when the
 * network ends, or when the gateway does not stay up, since without it the rest is of no use.
 */
async function keepGateway(
  network: LocalNetwork,
  ending: AbortSignal,
  begun: (gateway: Child) => void,
): Promise<void> {
  let { gateway } = network;
  for (let hasty = 0; ; ) {
    const since = performance.now();
    const how = await gateway.ended;
    if (ending.aborted) return;
    hasty = performance.now() - since < steadyMs ? hasty + 1 : 0;
    const ended = `gateway (pid ${gateway.pid}) ended (${how})`;
    if (hasty === hastyEndsMax)
      return console.error(`${ended}: the network stops, since it ended ${hasty} times within seconds.`);
    console.error(`${ended}: answers under way end without their last word; it is started again.`);
    gateway = network.startGateway();
    begun(gateway);
  }
}

/**
 * One sentence on standard error for each process that ends unasked: what that means for requests. Returns what
 * watches one more.
 */
function tellWhoEnds(
  { gateway, children, chainEnded, run }: LocalNetwork,
  ending: AbortSignal,
): (child: Child) => void {
  let providersLeft = 0;
  const tell = (who: string, how: string, therefore: string) => {
    if (!ending.aborted) console.error(`${who} ended (${how}): ${therefore}.`);
  };
  void chainEnded.then((how) =>
    tell(`chain (pid ${run.chain.pid})`, how, "requests go on, by the bonds and models already known"),
  );
  const watch = (child: Child) => {
    providersLeft += 1;
    void child.ended.then((how) => {
      providersLeft -= 1;
      const therefore =
        providersLeft > 0 ? "requests go on with the others" : "no provider is left to answer";
      tell(`${child.name} (pid ${child.pid})`, how, therefore);
    });
  };
  for (const child of children) if (child !== gateway) watch(child);
  return watch;
}

/** Named, else 11411 for a person; a network beside others (a home of its own, or a script's) takes any free port. */
function portOf({ port, homeNamed }: Settings, json: boolean): number {
  return port ?? (homeNamed || json ? 0 : defaultPort);
}

/** Opening its store is what keeps a second network out of a home folder. */
function openHome({ home }: Settings) {
  try {
    return openStore({ path: join(home, "network.sqlite") });
  } catch (cause) {
    if (!(cause instanceof HoldfastError) || cause.code !== "home-in-use") throw cause;
    const run = readRun(home);
    throw new HoldfastError("A network is already running out of this home folder.", {
      code: "home-in-use",
      fault: "environment",
      facts: {
        home,
        ...(run?.up === undefined ? {} : { pid: run.up.pid }),
        ...(run?.gateway && { url: run.gateway.url }),
      },
      remedy: "Use that one, stop it, or start another beside it with --home FOLDER.",
      cause,
    });
  }
}

function summary({ gateway, chain, providers, model }: Run): string {
  const rows = [["who", "pid", "where", "model"]];
  if (chain !== undefined)
    rows.push(["chain", String(chain.pid), chain.rpc.join(" "), `(chain ${chain.id})`]);
  for (const { name, pid, endpoint } of providers)
    rows.push([name, String(pid), endpoint, model?.name ?? ""]);
  if (gateway !== undefined) rows.push(["gateway", String(gateway.pid), gateway.url, ""]);
  const url = gateway?.url ?? "";
  const body = {
    model: model?.name,
    stream: true,
    messages: [{ role: "user", content: "Why is the sky blue?" }],
  };
  return `
${table(rows)}

Try it:
  curl -N ${url}/chat/completions -H 'content-type: application/json' -d '${JSON.stringify(body)}'

Base URL for any OpenAI client (no key needed):
  ${url}

Ctrl-C stops everything.`;
}
