import { table } from "../../src/commands/table.ts";
import type { Detection } from "./detection.ts";
import type { JobsResult } from "./jobs.ts";
import type { Judged } from "./judged.ts";
import type { OverSeveral } from "./several.ts";
import type { SwapsSeen } from "./swaps.ts";

/** The result for a person: Markdown whose tables line up in a terminal too. */
export function asText({
  at,
  seed,
  machine,
  honest,
  profilesHeldOut,
  cheats,
  several,
  swaps,
  jobs,
}: Judged): string {
  const { cpu, cores, node, commit } = machine;
  return `# Bench: proof of inference

Recorded with a real model: every answer said by its executor and read by honest witnesses, in chunks of 8. Replayed with
fresh keys through commit, reveal and ruling. Bounds are fitted on even questions, honest answers judged on odd ones; no
subject is in both halves. Convicted: the verdict is invalid (of a false witness: it alone is an outlier beside two honest
ones); by witnesses alone: without what the executor's own fingerprint says against its words, which it could bend.
Intervals: Clopper-Pearson, 95 %. The tail of the bounds is an exponential one; nothing is claimed beyond it.

## Honest answers, by the bounds of their pair of profiles

Their one witness sits in two seats.

${detections([...honest.bySeries, honest.all])}

## Honest answers, by bounds that were fitted without their pair of profiles

${detections([...profilesHeldOut.bySeries, profilesHeldOut.all])}

## Cheats

Before two honest witnesses, one of another profile than the executor claims.

${detections(cheats)}

## Five answers together

What no single answer shows, by the bounds for several: it costs a node its reputation and convicts nobody.

${severalTable(several)}

## One token in another's place

${swapTable(swaps)}

## Jobs

One pool of providers of whom one in five cheats, each in one way, as executors and as witnesses; two witnesses drawn by
chance, up to two more where they come to no verdict.

${jobsTable(jobs)}

${cpu}, ${cores} cores, Node ${node}; commit ${commit}, seed ${seed}, ${at}.
`;
}

function detections(all: readonly Detection[]): string {
  const counts = ["≥ 64 tokens", "informative", "convicted", "by witnesses alone", "inconclusive", "valid"];
  const rows = all.map((one) => [
    ...[one.name, ...[one.answers, one.informative, one.convicted].map(String)],
    ...[String(one.byWitnesses ?? "–"), String(one.inconclusive), String(one.passed)],
    ...[percent(one.share), `${percent(one.from)} – ${percent(one.to)}`],
  ]);
  return markdown([["answers", ...counts, "share", "95 %"], ...rows]);
}

function severalTable(all: readonly OverSeveral[]): string {
  const rows = all.map(({ name, answers, verdicts, found, share, from, to }) => [
    ...[name, String(answers), String(verdicts), String(found)],
    ...[percent(share), `${percent(from)} – ${percent(to)}`],
  ]);
  return markdown([["answers", "in all", "five at a time", "too far", "share", "95 %"], ...rows]);
}

function swapTable(swaps: readonly SwapsSeen[]): string {
  const rows = swaps.map(({ alike, by, swaps, seen, share, from, to }) => [
    ...[
      by,
      alike ? "the same" : "another",
      String(swaps),
      String(seen),
      percent(share),
      `${percent(from)} – ${percent(to)}`,
    ],
  ]);
  return markdown([["replaced by", "witness's profile", "swaps", "seen", "share", "95 %"], ...rows]);
}

function jobsTable(all: readonly JobsResult[]): string {
  const head = [
    "jobs",
    "one witness in league",
    "right: final",
    "not",
    "wrong: final",
    "refused",
    "convicted",
  ];
  const rows = all.map(({ jobs, colluding, right, wrong, wrongFinal, honestBlamed }) => [
    ...[String(jobs), colluding ? "yes" : "no", String(right.valid), String(right.inconclusive)],
    ...[`${wrong.valid} (≤ ${percent(wrongFinal.to)})`, String(wrong.inconclusive), String(wrong.invalid)],
    String(honestBlamed),
  ]);
  return markdown([[...head, "honest blamed"], ...rows]);
}

function markdown([head = [], ...rows]: readonly (readonly string[])[]): string {
  const bar = (cells: readonly string[]) => cells.flatMap((cell) => ["|", cell]).concat("|");
  return table([bar(head), bar(head.map(() => "---")), ...rows.map(bar)]);
}

function percent(share: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(2)} %` : "–";
}
