import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { residentMb } from "../../src/commands/chaos/memory.ts";
import type { Figure, Outcome } from "../measurement.ts";
import { median } from "../statistics.ts";
import { Client, type Question } from "./client.ts";
import { prepared, startHoldfast } from "./holdfast.ts";
import { startRelay } from "./relay.ts";
import { startUpstream } from "./upstreams.ts";

/** What a gateway adds, measured in turn with direct calls to the same upstream in the same run. */
export const overheadMethod =
  "One unpaced upstream in its own process. Per round and in turn, direct and through the gateway: answers of 5 tokens one after another (median latency, median time to the first content of a stream), the same at 32 in flight (requests/s), streams of 50 tokens, each token its own write, at 32 in flight (answers/s). The client is undici's `request` over kept connections; every answer is checked word for word. The limits are relays in the gateway's place: one of bytes, which reads nothing, and one of messages, which finds their ends, parses their JSON and writes them anew, and neither routes nor checks (requests only). Ratios are per round; figures are medians over the rounds. CPU: what the kernel booked on the gateway's process at 32 in flight, per request. Start: spawn to the first whole streamed answer. Client, upstream and gateway share the cores.";

export interface OverheadSettings {
  readonly rounds: number;
  /** Time of one throughput measurement, ms. */
  readonly windowMs: number;
  readonly say: (line: string) => void;
}

export async function overhead(settings: OverheadSettings): Promise<Outcome> {
  const { rounds, windowMs, say } = settings;
  const upstream = await startUpstream({ tokenMs: 0, prefill: true });
  const starts: number[] = [];
  await prepared();
  for (let count = 0; count < 3; count++) starts.push(await startTime(upstream.url));
  const gateway = await startHoldfast([upstream.url]);
  const relay = await startRelay(upstream.url, "bytes");
  const messages = await startRelay(upstream.url, "messages");
  const clients = {
    direct: new Client(upstream.url),
    relay: new Client(relay.url),
    gateway: new Client(gateway.url),
  };
  const reading = new Client(messages.url);
  await pause(1_000);
  const idle = residentMb(gateway.pid) ?? Number.NaN;
  const seen: Round[] = [];
  for (let round = 0; round <= rounds; round++) {
    const order = round % 2 === 0 ? ways : ways.toReversed();
    const all = { direct: nothing, relay: nothing, gateway: nothing, messagesPerS: 0 };
    all.messagesPerS = await rate(reading, short, windowMs);
    for (const way of order) all[way] = await measure(clients[way], windowMs, gateway.pid);
    // The first round warms them up.
    if (round > 0) seen.push(all);
    say(`round ${round}: ${ways.map((way) => `${way} ${describe(all[way])}`).join("; ")}`);
    say(`         a relay of messages ${all.messagesPerS.toFixed(0)} requests/s`);
  }
  const after = residentMb(gateway.pid) ?? Number.NaN;
  await Promise.all([reading.close(), ...ways.map((way) => clients[way].close())]);
  await Promise.all([gateway.stop(), relay.stop(), messages.stop(), upstream.stop()]);
  return outcomeOf(seen, { starts, idle, after });
}

interface Speed {
  readonly latencyMs: number;
  readonly firstMs: number;
  readonly requestsPerS: number;
  readonly streamsPerS: number;
  /** Of the gateway, per request of those counted in `requestsPerS`. */
  readonly cpuMs: number;
}

const ways = ["direct", "relay", "gateway"] as const;
type Round = Record<(typeof ways)[number], Speed> & { readonly messagesPerS: number };
const nothing: Speed = { latencyMs: 0, firstMs: 0, requestsPerS: 0, streamsPerS: 0, cpuMs: 0 };

async function measure(client: Client, windowMs: number, gateway: number): Promise<Speed> {
  const latencies: number[] = [];
  const firsts: number[] = [];
  for (let count = 0; count < 200; count++) {
    latencies.push((await client.read({ ...short, number: count })).latencyMs);
    firsts.push((await client.read({ ...short, number: count, stream: true })).firstMs);
  }
  const before = cpuMs(gateway);
  const requests = await rate(client, short, windowMs);
  return {
    latencyMs: median(latencies),
    firstMs: median(firsts),
    requestsPerS: requests,
    cpuMs: (cpuMs(gateway) - before) / ((requests * windowMs) / 1000),
    streamsPerS: await rate(client, { ...short, tokens: 50, stream: true }, windowMs),
  };
}

const short: Question = { number: 0, tokens: 5, stream: false, timeoutMs: 10_000 };
const inFlight = 32;

async function rate(client: Client, question: Question, windowMs: number): Promise<number> {
  const begun = performance.now();
  let count = 0;
  const worker = async () => {
    while (performance.now() - begun < windowMs) {
      await client.read({ ...question, number: count });
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return (1000 * count) / (performance.now() - begun);
}

async function startTime(upstream: string): Promise<number> {
  const begun = performance.now();
  const gateway = await startHoldfast([upstream]);
  const client = new Client(gateway.url);
  await client.read({ ...short, stream: true });
  const took = performance.now() - begun;
  await client.close();
  await gateway.stop();
  return took;
}

/** CPU time of a process since its start, counted in hundredths of a second (proc_pid_stat(5), fields 14 and 15). */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const [user, system] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13);
  return 10 * (Number(user) + Number(system));
}

function describe({ latencyMs, requestsPerS, streamsPerS }: Speed): string {
  return `${latencyMs.toFixed(2)} ms, ${requestsPerS.toFixed(0)} requests/s, ${streamsPerS.toFixed(0)} streams/s`;
}

function outcomeOf(
  rounds: readonly Round[],
  { starts, idle, after }: { starts: readonly number[]; idle: number; after: number },
): Outcome {
  const each = (of: (round: Round) => number) => rounds.map(of);
  const added = (key: "latencyMs" | "firstMs") => each(({ direct, gateway }) => gateway[key] - direct[key]);
  const share = (key: "requestsPerS" | "streamsPerS", way: "relay" | "gateway" = "gateway") =>
    each((round) => (100 * round[way][key]) / round.direct[key]);
  const samples = {
    "added latency, ms": added("latencyMs"),
    "added time to first content, ms": added("firstMs"),
    "requests/s, % of direct": share("requestsPerS"),
    "streams/s, % of direct": share("streamsPerS"),
    "start to first answer, ms": starts,
  };
  const middle = (name: keyof typeof samples) => median(samples[name]);
  const plain = (name: string, values: readonly number[], unit: Figure["unit"]): Figure => ({
    name,
    value: median(values),
    unit,
  });
  const figures: Figure[] = [
    { name: "added latency", value: middle("added latency, ms"), unit: "ms", target: { atMost: 1 } },
    { name: "added time to first content", value: middle("added time to first content, ms"), unit: "ms" },
    {
      name: "requests/s of direct",
      value: middle("requests/s, % of direct"),
      unit: "%",
      target: { atLeast: 50 },
    },
    {
      name: "streams/s of direct",
      value: middle("streams/s, % of direct"),
      unit: "%",
      target: { atLeast: 40 },
    },
    {
      name: "start to first answer",
      value: middle("start to first answer, ms"),
      unit: "ms",
      target: { atMost: 1_000 },
    },
    { name: "idle RSS", value: idle, unit: "MB", target: { atMost: 100 } },
    { name: "RSS after the load", value: after, unit: "MB" },
    plain("the limit, a relay of bytes: requests/s of direct", share("requestsPerS", "relay"), "%"),
    plain(
      "the limit, a relay of messages: requests/s of direct",
      each(({ messagesPerS, direct }) => (100 * messagesPerS) / direct.requestsPerS),
      "%",
    ),
    plain("the limit, a relay of bytes: streams/s of direct", share("streamsPerS", "relay"), "%"),
    plain(
      "gateway: CPU of a request",
      each(({ gateway }) => gateway.cpuMs),
      "ms",
    ),
    plain(
      "direct: latency",
      each(({ direct }) => direct.latencyMs),
      "ms",
    ),
    plain(
      "direct: requests/s",
      each(({ direct }) => direct.requestsPerS),
      "count",
    ),
    plain(
      "direct: streams/s",
      each(({ direct }) => direct.streamsPerS),
      "count",
    ),
    plain(
      "gateway: requests/s",
      each(({ gateway }) => gateway.requestsPerS),
      "count",
    ),
    plain(
      "gateway: streams/s",
      each(({ gateway }) => gateway.streamsPerS),
      "count",
    ),
  ];
  return { figures, samples };
}
