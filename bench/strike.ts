import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Chance } from "../src/simulator/chance.ts";
import type { LiveNetwork } from "../test/rigs/live-network.ts";
import { cpuSpent, othersSince, ownSince } from "./machine.ts";
import { askNetwork, isSound, nodes } from "./network.ts";
import { guarded } from "./processes.ts";
import { question } from "./prompts.ts";

export type Fault = "SIGKILL" | "SIGSTOP" | "none";

/** One answer, and what the strike did to it. Times in whole ms. */
export interface Sample {
  readonly fault: Fault;
  readonly round: number;
  /** Longest silence that ended after the strike; in an undisturbed stream the longest of all. */
  readonly gapMs: number | undefined;
  /** From the last piece of the one that was struck to the first of another. */
  readonly switchMs: number | undefined;
  /** Strike to when the gateway gave the executor up. */
  readonly noticedMs: number | undefined;
  /** From then to the first piece somebody else said. */
  readonly spokenMs: number | undefined;
  /** A witness was announced before the strike. */
  readonly warm: boolean;
  /** Whole, without an error, valid. */
  readonly sound: boolean;
  readonly acceptedShare: number;
  /** Share of the machine that others used during the answer, %. */
  readonly others: number;
}

interface Struck {
  readonly peer: string;
  readonly at: number;
  readonly wall: number;
}

interface Piece {
  readonly at: number;
  readonly executor: string;
}

/** Asks for an answer, strikes its executor at a random moment, and mends what was broken. */
export async function disturbedAnswer(
  network: LiveNetwork,
  options: { fault: Fault; round: number; seed: number; chance: Chance },
): Promise<Sample> {
  const { fault, round, chance } = options;
  await untilWell(network);
  const strikePiece = 1 + chance.below(6);
  const delayMs = chance.below(100);
  const spent = cpuSpent();
  const pieces: Piece[] = [];
  let struck: Struck | undefined;
  let over = false;
  const strike = (peer: string) => {
    if (over) return;
    network.provider(peer).signal(fault as "SIGKILL" | "SIGSTOP");
    struck = { peer, at: performance.now(), wall: Date.now() };
  };
  const seen = await askNetwork(network.url, {
    ...question(options.seed, round),
    tokensMax: 40 + chance.below(21),
    onPiece(_, executor) {
      pieces.push({ at: performance.now(), executor });
      if (fault !== "none" && pieces.length === strikePiece) setTimeout(strike, delayMs, executor);
    },
  });
  over = true;
  const others = Math.round(othersSince(spent));
  const noticedAt = struck && noticed(network, seen.casts[0]?.job ?? "", struck);
  if (struck !== undefined) await mend(network, struck.peer, fault);
  return {
    ...{ fault, round, ...times(pieces, fault, struck, noticedAt) },
    warm: (seen.casts[0]?.witnesses.length ?? 0) > 0,
    ...{ sound: isSound(seen), acceptedShare: seen.end?.acceptedShare ?? 0, others },
  };
}

function times(
  pieces: readonly Piece[],
  fault: Fault,
  struck: Struck | undefined,
  noticedAt: number | undefined,
) {
  const strikeAt = fault === "none" ? Number.NEGATIVE_INFINITY : (struck?.at ?? Number.POSITIVE_INFINITY);
  const gaps = pieces.slice(1).flatMap(({ at }, index) => (at > strikeAt ? [at - pieces[index]!.at] : []));
  // After the last piece there is nothing left to be late.
  const gapMs = gaps.length === 0 ? undefined : Math.round(Math.max(...gaps));
  if (struck === undefined || noticedAt === undefined)
    return { gapMs, switchMs: undefined, noticedMs: undefined, spokenMs: undefined };
  const { at, wall, peer } = struck;
  const index = pieces.findIndex((piece) => piece.at > at && piece.executor !== peer);
  const [last, next] = [pieces[index - 1], pieces[index]];
  const spokenMs = next && Math.round(next.at - at - (noticedAt - wall));
  const switchMs = next && last && Math.round(next.at - last.at);
  return { gapMs, switchMs, noticedMs: noticedAt - wall, spokenMs };
}

/** When the gateway gave it up: wall time, ms, from its log. */
function noticed(network: LiveNetwork, job: string, { peer }: Struck): number | undefined {
  const lines = readFileSync(join(network.home, "gateway/log"), "utf8").split("\n");
  const line = lines.findLast(
    (each) => each.includes("attempt-ended") && each.includes(job) && each.includes(peer),
  );
  return line === undefined ? undefined : Date.parse((JSON.parse(line) as { time: string }).time);
}

async function mend(network: LiveNetwork, peer: string, fault: Fault): Promise<void> {
  const victim = network.provider(peer);
  if (fault === "SIGSTOP") return victim.signal("SIGCONT");
  await victim.revive();
  guarded(victim.pid());
}

/** Longest wait for everybody to be well again, ms. Quarantines are short but grow with each incident. */
const wellMsMax = 6_000;
/** A process that has just begun, or was just let go on, uses a core for a second or two. Measured over this long, ms. */
const settledMs = 300;
const settledPercent = 10;

/** The more are well, the more the next answer is like the first: a network with everybody at hand and at rest. */
async function untilWell(network: LiveNetwork): Promise<void> {
  const deadline = performance.now() + wellMsMax;
  while (performance.now() < deadline) {
    const before = cpuSpent();
    await pause(settledMs);
    const alive = (await network.known()).filter((peer) => peer.alive).length;
    if (alive >= nodes - 1 && ownSince(before) <= settledPercent) return;
  }
}
