import type { TokenId } from "../../domain/ids.ts";
import { type Candidate, candidateCount } from "../../domain/verification/sampler.ts";
import type { Random, TokenSequence } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";
import { createTurns } from "../system/turns.ts";
import type { LlamaServer } from "./llama-server.ts";
import type { Seat } from "./room.ts";
import { createSaid } from "./said.ts";

/**
 * One job on a server that shows candidates one position at a time. It speaks by asking at every position and choosing
 * itself; of what another says it looks at one position in each run of `sampledRun`, drawn when the words are there, and
 * at each that ends the answer. All between is read in one step by the server's cache.
 */
export function openSampledSequence(
  { server, random }: { readonly server: LlamaServer; readonly random: Random },
  seat: Seat,
): TokenSequence {
  const { promptIds, slot } = seat;
  const said = createSaid(seat, (id) => server.bytes[id] !== undefined);
  /** What was asked for last: where nothing was said since, the same is asked for again. */
  let known: { readonly prefix: readonly TokenId[]; readonly candidates: Candidate[] } | undefined;
  const turns = createTurns(seat.release);

  return {
    promptIds,
    judge: (ids, signal) => turns.take(() => judge(ids, signal)),
    next: (ids, signal) => turns.take(() => next(ids, signal)),
    logitsOf: (position, ids, signal) => turns.take(() => logitsOf(position, ids, signal)),
    keep: (length) => turns.take(async () => said.cut(length)),
    text: (ids, before) => addedText(server.bytes, ids, before),
    ends: (id) => server.ends.has(id),
    close: turns.close,
  };

  async function judge(ids: readonly TokenId[], signal: AbortSignal): Promise<Candidate[][]> {
    const start = said.length;
    return said.appending(ids, 0, async () => {
      // The prompt alone: read now, so that the first chunk finds it in the cache.
      if (ids.length === 0) await at(start, signal);
      const lists: Candidate[][] = [];
      const looked = drawn(ids);
      for (const offset of ids.keys()) lists.push(looked.has(offset) ? await at(start + offset, signal) : []);
      return lists;
    });
  }

  function next(ids: readonly TokenId[], signal: AbortSignal): Promise<Candidate[]> {
    return said.appending(ids, 1, () => at(said.length, signal));
  }

  async function at(position: number, signal: AbortSignal): Promise<Candidate[]> {
    const prefix = said.before(position);
    if (known !== undefined && isSame(known.prefix, prefix)) return known.candidates;
    const candidates = await server.after(prefix, slot, candidateCount, signal);
    known = { prefix, candidates };
    return candidates;
  }

  /**
   * A list of candidates costs by its length, so it is asked for in steps, each eight times as long, until it has these
   * tokens or goes far enough below what they are weighed against. The rest are said to be −∞, and no margin is another for it.
   */
  async function logitsOf(position: number, ids: readonly TokenId[], signal: AbortSignal): Promise<number[]> {
    if (position < 0 || position > said.length) throw new RangeError("no such position in the answer");
    const size = server.bytes.length;
    for (let count = limits.engineCandidatesFirst; ; count *= 8) {
      const list = await server.after(said.before(position), slot, Math.min(count, size), signal);
      const found = new Map(list.map(({ id, logit }) => [id, logit]));
      const isMissing = ids.some((id) => id < size && !found.has(id));
      const logits = ids.map((id) => found.get(id) ?? Number.NEGATIVE_INFINITY);
      // One token is weighed against the others of the 64; several, which a schema allows, against one another.
      const best = ids.length === 1 ? (list[candidateCount - 1]?.logit ?? 0) : Math.max(...logits);
      if (!isMissing || count >= size || best - list.at(-1)!.logit > farBelow) return logits;
    }
  }

  /** Offsets to look at: a speaker cannot know them, since they are drawn after it spoke. */
  function drawn(ids: readonly TokenId[]): ReadonlySet<number> {
    const offsets = new Set<number>();
    const bytes = random.bytes(Math.ceil(ids.length / limits.sampledRun));
    for (const [run, byte] of bytes.entries()) {
      const from = run * limits.sampledRun;
      offsets.add(from + (byte % Math.min(limits.sampledRun, ids.length - from)));
    }
    for (const [offset, id] of ids.entries()) if (server.ends.has(id)) offsets.add(offset);
    return offsets;
  }
}

/** Logits; no honest token lies so far below the best (`tolerances.marginMax`) or below where the candidates end. */
const farBelow = 2;

function isSame(one: readonly TokenId[], other: readonly TokenId[]): boolean {
  return one.length === other.length && one.every((id, at) => id === other[at]);
}

/** Visible tokens looked back at: more than enough to hold the beginning of a character (4 bytes at most). */
const lookBackTokens = 16;

/** As the embedded engine spells (adapters/llama/text.ts): whole characters only, each added by the token that ends it. */
function addedText(
  bytes: readonly Uint8Array[],
  ids: readonly TokenId[],
  before: readonly TokenId[],
): string {
  const isVisible = (id: TokenId) => (bytes[id]?.length ?? 0) > 0;
  const context = before
    .slice(-4 * lookBackTokens)
    .filter(isVisible)
    .slice(-lookBackTokens);
  const spell = (all: readonly TokenId[]) =>
    Buffer.concat(all.map((id) => bytes[id] ?? new Uint8Array(0)))
      .toString()
      .replaceAll("\uFFFD", "");
  return spell([...context, ...ids]).slice(spell(context).length);
}
