import { limits } from "../protocol/limits.ts";
import { defaultPort } from "./defaults.ts";
import { commandLog } from "./log.ts";
import { processOf, recordAlone } from "./run-file.ts";
import { type Flags, readSettings, type Settings } from "./settings.ts";
import { onStop } from "./stopping.ts";

/** What runs, whichever stands behind it. */
interface Running {
  /** `http://host:port`. */
  readonly url: string;
  readonly peer?: string;
  close(): Promise<void>;
}

/** `holdfast gateway`: over plain upstreams when any is named, else over the network. Runs until it is stopped. */
export async function gateway(flags: Flags): Promise<void> {
  const settings = readSettings(flags, process.env);
  const log = commandLog(settings);
  let running: Running | undefined;
  onStop(async () => running?.close());
  // Loaded here and not above: over plain upstreams nothing of network, chain or model is ever loaded.
  running =
    (settings.upstreams ?? []).length > 0
      ? await (await import("./upstream-gateway.ts")).startUpstreamGateway({ log }, upstreamOptions(settings))
      : await (await import("./network-gateway.ts")).startNetworkGateway({ log }, settings);
  const url = `${running.url}/v1`;
  const peer = running.peer === undefined ? {} : { peer: running.peer };
  recordAlone(log, settings.home, { gateway: { ...processOf(), url, ...peer }, providers: [] });
  if (flags["json"]) console.log(JSON.stringify({ url, ...peer }));
  else console.error(`The endpoint is ${url}\nCtrl-C stops it.`);
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
