import { syntheticAnswer } from "../../adapters/synthetic/model.ts";
import { limits } from "../../protocol/limits.ts";
import type { Judged } from "./aftermath.ts";
import type { Arena } from "./arena.ts";
import type { Load } from "./load.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import type { Stream } from "./stream.ts";

/** How a stream of this network is judged: over synthetic engines to the letter, elsewhere by its form. */
export function judge({ synthetic }: Arena): (stream: Stream) => Outcome {
  return (stream) => {
    const { content, tokens } = stream.question;
    const messages = [{ role: "user" as const, content }];
    return outcomeOf(stream, synthetic ? syntheticAnswer({ kind: "chat", messages }, tokens) : undefined);
  };
}

/** `wanted`: streams in flight. What ended before `firstAt`, ms, tells what the network is like when well. */
export function judgedOf(
  arena: Arena,
  { streams }: Load,
  { wanted, firstAt }: { readonly wanted: number; readonly firstAt: number },
): Judged {
  const words = streams
    .filter(({ end, endedAt }) => end === "whole" && (endedAt ?? firstAt) < firstAt)
    .map(({ pieces }) => ((pieces.at(-1)?.at ?? 0) - (pieces[0]?.at ?? 0)) / (wordsOf(pieces) - 1))
    .filter(Number.isFinite);
  const nodes = arena.nodes().length;
  return {
    streams,
    outcome: judge(arena),
    wordMs: words.reduce((sum, ms) => sum + ms, 0) / words.length,
    // Synthetic seats cost nothing, so those that are left carry as much as before; with a model, processors are lost.
    capacity: (survivors) =>
      arena.synthetic ? seatedShare(wanted, survivors * arena.slots) : survivors / nodes,
  };
}

/** Share of so many streams that so many seats carry: each takes one for its speaker and one for every witness. */
export function seatedShare(streams: number, seats: number): number {
  return Math.min(1, seats / (streams * (1 + limits.witnessesDefault)));
}

function wordsOf(pieces: Stream["pieces"]): number {
  return pieces.reduce((sum, { words }) => sum + words, 0);
}
