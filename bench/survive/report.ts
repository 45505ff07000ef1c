import { faults } from "../../src/commands/chaos/fault.ts";
import { section } from "../report.ts";
import { capacityMethod } from "./capacity.ts";
import { isOnCurve } from "./cells.ts";
import { contenders } from "./contenders.ts";
import { detectionMethod } from "./detection.ts";
import { cellMethod, type Entry, type Host, type Journal } from "./journal.ts";
import { curveFailings, failings } from "./options.ts";
import { overheadMethod } from "./overhead.ts";
import { ownNodes } from "./own-nodes.ts";
import { simulatedNodes } from "./simulated.ts";
import { aliveIn, countOf, type Ends, percentileOf, type Tally, type Times, wilsonLower } from "./tally.ts";
import { validation } from "./validation.ts";

/** The whole journal as Markdown: tables by how many fail, the curve, the overhead, and who was set up how. */
export function surviveReport({ overhead, capacity, detection, entries }: Journal): string {
  const parts = ["# Bench: survive", method];
  for (const failing of failings) {
    const of = sorted(entries.filter((entry) => entry.failing === failing));
    const own = of.filter(isOwn);
    const rest = of.filter((entry) => !isOwn(entry));
    if (own.length > 0)
      parts.push(`## ${failing} of 10 own nodes fail`, [...ownHead, ...own.map(ownRow)].join("\n"));
    if (rest.length > 0)
      parts.push(`## ${failing} of 10 plain upstreams fail`, [...head, ...rest.map(row)].join("\n"));
  }
  parts.push(...curve(entries), ...validation(entries));
  parts.push("## Set-ups", contenders.map(({ name, setting }) => `- ${name}: ${setting}`).join("\n"));
  if (entries.length > 0) parts.push(whereAndWhen(entries));
  for (const [measured, now] of [
    [capacity, capacityMethod],
    [detection, detectionMethod],
    [overhead, overheadMethod],
  ] as const)
    if (measured !== undefined) parts.push(section(measured), ...(measured.method === now ? [] : [outdated]));
  return `${parts.join("\n\n")}\n`;
}

const method =
  "Ten upstreams, or ten nodes of Holdfast's own, a process each; streams in flight as the tables say, 60 tokens each at " +
  "30 a second, temperature 0. They can carry any number of streams at that pace, so survivors have the capacity. At a " +
  "random instant some of them fail together and stay so for ten seconds. In flight: open at that instant. Alive: these, " +
  "and those begun in the ten seconds from it. A success is complete, exact, in order, once, with an honest end; silent " +
  "is a failure that looks like a success, or false words whatever followed; timed out: no end within twenty seconds, " +
  "of which nobody was told either. In brackets the lower bound of the share (Wilson, 95 %). Latencies " +
  "are of whole answers, all times from histograms in steps of 2 %. Others: what programs beside the bench used of the machine, " +
  "mean over the blackouts. A dash: there was none. With †: measured when figures meant something else, and to be " +
  "measured anew; silent then held no false words before an error, gaps were those of whole answers with one change of " +
  "speaker, and nobody looked at recovery over upstreams.\n\n" +
  "Plain upstreams: every other one goes on from a begun answer, the rest can only be asked again; another request " +
  "follows whenever an answer ends. kill and hang are SIGKILL and SIGSTOP; stall says nothing more on open sockets; " +
  "reset, cut, garbage and 500 break the streams under way at once and later ones half-way (500: later ones at the " +
  "start); slow is a twentieth of the pace; for netdown a proxy stands before each upstream, which then passes " +
  "nothing on and says nothing. Gap: largest time between tokens in answers that changed their speaker, however often " +
  "and however they ended, by how the next speaker after it took over. After the ten seconds those that failed are " +
  "mended, and where answers name who serves them the load goes on until all do again, for up to ten more.\n\n" +
  "Own nodes: faults as docs/chaos.md describes them, requests due by the clock, as many a second as keep the streams " +
  "in flight. Gap: largest between two pieces of content, of streams whose speaker failed after they had begun to " +
  "speak; warm: a witness the stream had named survived. Withdrawn: false words had been read when the stream " +
  "ended in an error that took them back; neither a success nor silent.\n\n" +
  "Both: recovery is the time until words come again at nine tenths of what those left can say, as against the three " +
  "seconds before, over half a second, of which the beginning is told. Back: from when all are mended until each serves " +
  "an answer begun after that, where answers name who serves them.";

/** Beside what was measured in another way. */
const outdated = "**Measured by an older method than the bench's of today; to be measured anew.**";

const isOwn = ({ contender }: Entry) => contender === ownNodes.name || contender === simulatedNodes.name;

function sorted(entries: readonly Entry[]): Entry[] {
  const rank = ({ fault, contender }: Entry) =>
    faults.indexOf(fault as never) * contenders.length +
    contenders.findIndex(({ name }) => name === contender);
  return [...entries].sort((a, b) => rank(a) - rank(b));
}

const head = [
  "| fault | contender | streams | in flight | alive | errors | silent | timed out | p50 / p99 latency (healthy p50) | gap p99, by prefill | by replay (own part) | recovery p50 / max | back p50 / max | blackouts | others | commits |",
  "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|",
];

function row(entry: Entry): string {
  const { fault, streams, tally } = entry;
  const { inFlight, prefillGapMs, replayGapMs, replayOwnMs, blackouts } = tally;
  const alive = aliveIn(tally);
  return line([
    ...[fault, marked(entry), streams, share(inFlight), share(alive)],
    ...[alive.error, alive.silent, alive.timeout],
    ...[latency(tally), ms(prefillGapMs, 0.99)],
    Object.keys(replayGapMs).length === 0 ? "–" : `${ms(replayGapMs, 0.99)} (${ms(replayOwnMs, 0.99)})`,
    ...[recovery(tally), back(tally), blackouts, ...commitsAndOthers(entry)],
  ]);
}

const ownHead = [
  "| fault | contender | streams | in flight | alive | errors | withdrawn | silent | timed out | p50 / p99 latency (healthy p50) | gap p50 / p99 when well | warm | cold | recovery p50 / max | back p50 / max | blackouts | others | commits |",
  "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|",
];

function ownRow(entry: Entry): string {
  const { fault, streams, tally } = entry;
  const { bypassed, blackouts } = tally;
  const alive = aliveIn(tally);
  const codes = Object.entries(tally.codes).map(([code, count]) => ` ${count} × ${code}`);
  return line([
    ...[fault, marked(entry), streams, share(tally.inFlight), share(alive)],
    ...[`${alive.error}${codes.length > 0 ? `:${codes}` : ""}`],
    ...[alive.withdrawn ?? "–", alive.silent, alive.timeout],
    ...[latency(tally), gaps(tally.calmGapMs), gaps(tally.warmGapMs), gaps(tally.coldGapMs)],
    ...[recovery(tally), back(tally)],
    `${blackouts}${bypassed > 0 ? ` (${bypassed} nodes not reached)` : ""}`,
    ...commitsAndOthers(entry),
  ]);
}

/** What is left when more and more fail, by one fault. */
function curve(entries: readonly Entry[]): string[] {
  const rows = [...curveFailings].sort().map((failing) => {
    const of = contenders.map(({ name }) =>
      entries.find(
        (entry) => entry.contender === name && entry.failing === failing && isOnCurve({ name }, entry.fault),
      ),
    );
    return { failing, of };
  });
  const shown = contenders.filter((_, at) => rows.some(({ of }) => of[at] !== undefined));
  if (rows.filter(({ of }) => of.some((entry) => entry !== undefined)).length < 2) return [];
  const cell = (entry: Entry | undefined) => {
    if (entry === undefined) return "– | –";
    const alive = aliveIn(entry.tally);
    return `${share(alive)} | ${alive.error + (alive.withdrawn ?? 0)} + ${alive.silent + alive.timeout}`;
  };
  return [
    "## The curve: kill, from none to nine of ten",
    [
      `| failing | ${shown.map(({ name }) => `${name}, alive | explicit + silent failures (timed out included)`).join(" | ")} |`,
      `|--:|${shown.map(() => "--:|--:").join("|")}|`,
      ...rows.map(
        ({ failing, of }) =>
          `| ${failing} of 10 | ${shown.map((each) => cell(of[contenders.indexOf(each)])).join(" | ")} |`,
      ),
    ].join("\n"),
  ];
}

function marked({ contender, method }: Entry): string {
  return method === cellMethod ? contender : `${contender} †`;
}

function line(cells: ReadonlyArray<string | number>): string {
  return `| ${cells.join(" | ")} |`;
}

function latency({ latencyMs, healthyMs }: Tally): string {
  return `${ms(latencyMs, 0.5)} / ${ms(latencyMs, 0.99)} (${ms(healthyMs, 0.5)})`;
}

function recovery({ recoveryMs, neverRecovered }: Tally): string {
  return medianAndMost(recoveryMs, neverRecovered, "never");
}

function back({ returnMs, neverReturned }: Tally): string {
  return medianAndMost(returnMs, neverReturned, "not within 10 s");
}

/** Of something that may not have come about at all, so many times. */
function medianAndMost(times: Times, without: number, missed: string): string {
  if (without === 0 && Object.keys(times).length === 0) return "–";
  return `${ms(times, 0.5)} / ${without > 0 ? `${missed}: ${without}` : ms(times, 1)}`;
}

function gaps(times: Times): string {
  const count = Object.values(times).reduce((sum, each) => sum + each, 0);
  return count === 0 ? "–" : `${ms(times, 0.5)} / ${ms(times, 0.99)} (n ${count})`;
}

function share(ends: Ends): string {
  const total = countOf(ends);
  if (total === 0) return "–";
  const percent = (value: number) => (100 * value).toFixed(2);
  return `${percent(ends.whole / total)} % of ${total} [${percent(wilsonLower(ends.whole, total))}]`;
}

function ms(times: Times, at: number): string {
  const value = percentileOf(times, at);
  return Number.isNaN(value) ? "–" : `${Math.round(value)} ms`;
}

function commitsAndOthers({ commits, othersPercent }: Entry): string[] {
  return [`${Math.round(othersPercent)} %`, commits.join(", ")];
}

function whereAndWhen(entries: readonly Entry[]): string {
  const each = (of: (entry: Entry) => ReadonlyArray<string | number>) =>
    [...new Set(entries.flatMap(of))].join(", ");
  const hosts = new Set(entries.flatMap(({ machines }) => machines.map(hostText)));
  const last = entries
    .map(({ at }) => at)
    .toSorted()
    .at(-1);
  const others = Math.round(Math.max(...entries.map(({ othersPercent }) => othersPercent)));
  return `${[...hosts].join("; ")}; commits ${each(({ commits }) => commits)}; seeds ${each(({ seeds }) => seeds)}; last blackout ${last}; others used up to ${others} % of the machine in a cell.`;
}

function hostText({ cpu, cores, memoryGb, system, node }: Host): string {
  return `${cpu}, ${cores} cores, ${memoryGb} GB, ${system}, Node ${node}`;
}
