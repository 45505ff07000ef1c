import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../../src/adapters/process/free-ports.ts";
import { mayLeave } from "../processes.ts";
import { blackout } from "./blackout.ts";
import { Client, type Question } from "./client.ts";
import { Rig, type UpstreamFault, upstreamFaults } from "./faults.ts";
import { startHoldfast } from "./holdfast.ts";
import type { Outcome } from "./outcome.ts";
import { ownNodes } from "./own-nodes.ts";
import { litellmProgram, portkeyScript, versions } from "./peers.ts";
import { startServer } from "./server.ts";
import { simulatedNodes } from "./simulated.ts";
import type { Contender, Stage, StageOptions } from "./stage.ts";

/** Something that stands between an application and its upstreams, at work. */
export interface Running {
  ask(question: Question): Promise<Outcome>;
  stop(): Promise<void>;
}

interface OverUpstreams extends Omit<Contender, "faults" | "stage"> {
  start(upstreams: readonly string[]): Promise<Running>;
}

/** Time a peer or a client gives one upstream until its first content, ms. */
const attemptMs = 2_000;

const overUpstreams: readonly OverUpstreams[] = [
  {
    name: "holdfast",
    setting: "`holdfast gateway --upstream …` ten times, all settings at their defaults",
    async start(upstreams) {
      const gateway = await startHoldfast(upstreams);
      return through(gateway.url, gateway.stop);
    },
  },
  {
    name: "direct-retry",
    setting: `no gateway: upstreams in turn, up to 3 retries at others before the first content, ${attemptMs} ms for it`,
    start: async (upstreams) => direct(upstreams),
  },
  {
    name: "portkey",
    setting: `@portkey-ai/gateway ${versions.portkey}: fallback over four load balancers of all ten, request_timeout ${attemptMs} ms`,
    start: startPortkey,
  },
  {
    name: "litellm",
    setting: `litellm[proxy] ${versions.litellm}: ten deployments, 3 retries, stream_timeout ${attemptMs} ms, cool-down after one failure; 10 streams at once, since 50 are more than it carries`,
    streamsMax: 10,
    start: startLitellm,
  },
];

export const contenders: readonly Contender[] = [
  ...overUpstreams.map((each) => ({
    ...{ ...each, faults: upstreamFaults },
    stage: (options: StageOptions) => stageOf(each, options),
  })),
  ownNodes,
  simulatedNodes,
];

async function stageOf({ start }: OverUpstreams, { size, fault, load }: StageOptions): Promise<Stage> {
  const rig = await Rig.start(size, load.tokenMs, fault === "netdown");
  const running = await start(rig.urls);
  return {
    blackout: (failing, chance) =>
      blackout(running, rig, { fault: fault as UpstreamFault, failing, load, chance }),
    async close() {
      await running.stop();
      await rig.stop();
    },
  };
}

function through(url: string, stop: () => Promise<void>, headers: Record<string, string> = {}): Running {
  const client = new Client(url);
  return {
    ask: (question) => client.ask({ ...question, headers }),
    async stop() {
      await client.close();
      await stop();
    },
  };
}

/** What an SDK does by itself: it tries again while nothing has come. */
function direct(upstreams: readonly string[]): Running {
  const clients = upstreams.map((url) => new Client(url));
  let turn = 0;
  return {
    async ask(question) {
      const begun = performance.now();
      let outcome: Outcome | undefined;
      for (let attempt = 0; attempt <= 3; attempt++) {
        const client = clients[turn++ % clients.length]!;
        outcome = await client.ask({ ...question, firstTimeoutMs: attemptMs });
        if (outcome.pieces.length > 0 || outcome.end === "whole") break;
      }
      return { ...outcome!, latencyMs: performance.now() - begun };
    },
    async stop() {
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}

async function startPortkey(upstreams: readonly string[]): Promise<Running> {
  const [port = 0] = await freePorts(1);
  const script = await portkeyScript();
  const server = await startServer(process.execPath, [script, `--port=${port}`, "--headless"], port);
  const targets = upstreams.map((url) => ({ provider: "openai", api_key: "none", custom_host: url }));
  const balancer = { strategy: { mode: "loadbalance" }, targets, request_timeout: attemptMs };
  const config = { strategy: { mode: "fallback" }, targets: Array(4).fill(balancer) };
  return through(`http://127.0.0.1:${port}/v1`, server.stop, { "x-portkey-config": JSON.stringify(config) });
}

async function startLitellm(upstreams: readonly string[]): Promise<Running> {
  const [port = 0] = await freePorts(1);
  const program = await litellmProgram();
  const home = mkdtempSync(join(tmpdir(), "holdfast-litellm-"));
  mayLeave(home);
  const config = {
    model_list: upstreams.map((url) => ({
      model_name: "known",
      litellm_params: {
        model: "openai/known",
        api_base: url,
        api_key: "none",
        stream_timeout: attemptMs / 1000,
      },
    })),
    router_settings: { num_retries: 3, allowed_fails: 1, cooldown_time: 10, retry_after: 0 },
    general_settings: { master_key: "sk-none" },
  };
  // Every JSON document is YAML.
  const file = join(home, "config.yaml");
  writeFileSync(file, JSON.stringify(config));
  const server = await startServer(
    program,
    ["--config", file, "--port", String(port), "--host", "127.0.0.1"],
    port,
  );
  const stop = async () => {
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  };
  return through(`http://127.0.0.1:${port}/v1`, stop, { authorization: "Bearer sk-none" });
}
