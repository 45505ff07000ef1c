import type { Log } from "../ports.ts";
import { HoldfastError } from "../protocol/errors.ts";
import { limits } from "../protocol/limits.ts";
import { defaultPort } from "./defaults.ts";
import { makeHome } from "./home-folder.ts";
import { commandLog } from "./log.ts";
import { processOf, recordAlone } from "./run-file.ts";
import { type Flags, flagOf, readSettings, type Settings } from "./settings.ts";
import { onStop } from "./stopping.ts";

/** What runs, whichever stands behind it. */
interface Running {
  /** `http://host:port`. */
  readonly url: string;
  readonly peer?: string;
  close(): Promise<void>;
}

/**
 * `holdfast gateway`: over plain upstreams when any is named, else over the network. Runs until it is stopped. Throws
 * HoldfastError `two-backends` (fault user) when the flags ask for both.
 */
export async function gateway(flags: Flags): Promise<void> {
  const settings = readSettings(flags, process.env);
  makeHome(settings.home);
  const log = commandLog(settings);
  const plain = (settings.upstreams ?? []).length > 0;
  if (plain) chooseUpstreams(log, flags, settings);
  let running: Running | undefined;
  onStop(async () => running?.close());
  // Loaded here and not above: over plain upstreams nothing of network, chain or model is ever loaded.
  running = plain
    ? await (await import("./upstream-gateway.ts")).startUpstreamGateway({ log }, upstreamOptions(settings))
    : await (await import("./network-gateway.ts")).startNetworkGateway({ log }, settings);
  const url = `${running.url}/v1`;
  const peer = running.peer === undefined ? {} : { peer: running.peer };
  recordAlone(log, settings.home, { gateway: { ...processOf(), url, ...peer }, providers: [] });
  if (flags["json"]) console.log(JSON.stringify({ url, ...peer }));
  else console.error(`The endpoint is ${url}\nCtrl-C stops it.`);
}

/** Settings that mean nothing over plain upstreams. */
const networkOnly = [
  ...(["bootstrap", "rpc", "chainId", "bonds", "models"] as const),
  ...(["listen", "peerPort", "announce", "local", "auditPercent"] as const),
];

/** With upstreams named it joins no network, whatever else is named: said aloud, since somebody may count on one. */
function chooseUpstreams(log: Log, flags: Flags, settings: Settings): void {
  const beside = ["network", ...networkOnly].filter((name) => flags[name] !== undefined).map(flagOf);
  if (beside.length > 0)
    throw new HoldfastError("A gateway over plain upstreams joins no network.", {
      ...{ code: "two-backends", fault: "user", facts: { unused: beside.join(" ") } },
      remedy: "Leave these out, or the upstreams (--upstream, HOLDFAST_UPSTREAMS, `upstreams` in the file).",
    });
  // The environment and the file may be shared with other commands.
  const unused = networkOnly.filter((name) => settings[name] !== undefined);
  if (unused.length > 0) log.warn("gateway.settings-unused", { unused, reason: "plain upstreams are named" });
}

function upstreamOptions(settings: Settings) {
  const { host, hostsAllowed, deadlineMs, fallbacks, witnesses, finality, holdMs } = settings;
  return {
    port: settings.port ?? defaultPort,
    upstreams: settings.upstreams ?? [],
    ...(host === undefined ? {} : { host }),
    ...(hostsAllowed === undefined ? {} : { hostsAllowed }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(fallbacks === undefined ? {} : { fallbacks }),
    defaults: {
      finality: finality ?? "stream",
      witnesses: witnesses ?? 0,
      holdMs: holdMs ?? limits.holdMsDefault,
    },
  };
}
