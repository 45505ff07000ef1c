import { section } from "../report.ts";
import { contenders } from "./contenders.ts";
import { faults } from "./faults.ts";
import type { Entry, Journal } from "./journal.ts";
import { failings } from "./options.ts";
import { countOf, type Ends, percentileOf, type Times, wilsonLower } from "./tally.ts";

/** The whole journal as Markdown: for each share of failing upstreams a table, then the overhead, then who was set up how. */
export function surviveReport({ overhead, entries }: Journal): string {
  const parts = ["# Bench: survive, over plain upstreams", method];
  for (const failing of failings) {
    const rows = faults.flatMap((fault) =>
      contenders.flatMap(
        ({ name }) =>
          entries.find(
            (each) => each.contender === name && each.fault === fault && each.failing === failing,
          ) ?? [],
      ),
    );
    if (rows.length > 0) parts.push(`## ${failing} of 10 fail`, [...head, ...rows.map(row)].join("\n"));
  }
  parts.push("## Set-ups", contenders.map(({ name, setting }) => `- ${name}: ${setting}`).join("\n"));
  parts.push("Ten providers of one's own are struck by `holdfast chaos`, which prints its figures itself.");
  const last = [...entries].sort((a, b) => a.at.localeCompare(b.at)).at(-1);
  if (last !== undefined) parts.push(whereAndWhen(entries, last));
  if (overhead !== undefined) parts.push(section(overhead));
  return `${parts.join("\n\n")}\n`;
}

const method =
  "Ten upstreams, a process each; 50 streams in flight, 60 tokens each at 30 a second, temperature 0; every other " +
  "upstream goes on from a begun answer, the rest can only be asked again. They can carry any number of streams at " +
  "that pace, so survivors have the capacity. At a random instant some of them fail together and stay so for ten " +
  "seconds: kill and hang are SIGKILL and SIGSTOP; stall says nothing more on open sockets; reset, cut, garbage and " +
  "500 break the streams under way at once and later ones half-way (500: later ones at the start); slow is a " +
  "twentieth of the pace. In flight: open at that instant. After: begun in the ten seconds from it. A success is " +
  "complete, exact, in order, once, with an honest end; silent is a failure that looks like a success. In brackets " +
  "the lower bound of the share (Wilson, 95 %). Latencies and gaps are of whole answers, from histograms in steps " +
  "of 2 %. Gap: largest time between tokens in answers that changed their speaker once.";

const head = [
  "| fault | contender | in flight | after | silent | p50 / p99 latency (healthy p50) | gap p99, by prefill | by replay (own part) | blackouts |",
  "|---|---|--:|--:|--:|--:|--:|--:|--:|",
];

function row({ fault, contender, tally }: Entry): string {
  const { inFlight, after, latencyMs, healthyMs, prefillGapMs, replayGapMs, replayOwnMs, blackouts } = tally;
  const silent = inFlight.silent + after.silent;
  const healthy = ms(healthyMs, 0.5);
  const cells = [
    fault,
    contender,
    share(inFlight),
    share(after),
    silent,
    `${ms(latencyMs, 0.5)} / ${ms(latencyMs, 0.99)} (${healthy})`,
    ms(prefillGapMs, 0.99),
    Object.keys(replayGapMs).length === 0 ? "–" : `${ms(replayGapMs, 0.99)} (${ms(replayOwnMs, 0.99)})`,
    blackouts,
  ];
  return `| ${cells.join(" | ")} |`;
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

function whereAndWhen(entries: readonly Entry[], { machine, at }: Entry): string {
  const { cpu, cores, memoryGb, system, node } = machine;
  const commits = [...new Set(entries.flatMap((entry) => entry.commits))].join(", ");
  const seeds = [...new Set(entries.map(({ seed }) => seed))].join(", ");
  const others = Math.round(Math.max(...entries.map(({ othersPercent }) => othersPercent)));
  return `${cpu}, ${cores} cores, ${memoryGb} GB, ${system}, Node ${node}; commits ${commits}; seed ${seeds}; last blackout ${at}; others used up to ${others} % of the machine in a cell.`;
}
