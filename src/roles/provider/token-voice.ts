import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { SessionKey, TokenId } from "../../domain/ids.ts";
import { type Chunk, chunkEnd } from "../../domain/inference/chunk.ts";
import { isChunkFull } from "../../domain/inference/filling.ts";
import { judgeToken, judgeUnknown, judgeUntil } from "../../domain/verification/judge.ts";
import { withMargin } from "../../domain/verification/margin-tally.ts";
import { choose } from "../../domain/verification/sampler.ts";
import type { Clock, TokenEngine, TokenSequence } from "../../ports.ts";
import type { OpenOrder, RejectionReason } from "../../protocol/attempt.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import type { Answer } from "./answer.ts";
import { createLegality, type Legality } from "./legality.ts";
import { createTrail } from "./trail.ts";
import type { Judgement, JudgingVoice } from "./voice.ts";

/** Speaks and judges with an engine that shows its logits, by the canonical sampler and by margin. */
export async function openTokenVoice(
  ports: { clock: Clock },
  engine: TokenEngine,
  open: OpenOrder,
  signal: AbortSignal,
): Promise<JudgingVoice> {
  if (open.contextTokens > engine.contextTokens) {
    throw new HoldfastError("this node's window is smaller than the job's", {
      code: "engine",
      fault: "peer",
    });
  }
  const { sampling } = open;
  const sequence = await engine.open(open.prompt, open.tokensMax ?? 1, signal);
  const promptTokens = sequence.promptIds.length;
  const room = open.contextTokens - promptTokens;
  let legality: Legality;
  try {
    if ((open.tokensMax ?? 1) > room) throw contextOverflow(promptTokens, open);
    // Only by whoever has a seat: to read a schema is work, and who finds none asks again and again.
    legality = createLegality(sequence, sampling.schema, engine.vocabulary);
  } catch (error) {
    sequence.close();
    throw error;
  }
  const tokensMax = open.tokensMax ?? Math.min(open.tokensDefault, room);
  let judged = judgeUnknown;
  let heard: SessionKey | undefined;
  const trail = createTrail();
  /** The last token said, until the sequence is given it: it is read along with what comes next. */
  let pending: { readonly id: TokenId; readonly position: number } | undefined;
  let firstSaid = false;

  return {
    profile: engine.profile,
    promptTokens,
    promptDigest: digestOf(sequence.promptIds),
    tokensMax,
    async prepare(signal) {
      await sequence.judge([], signal);
    },
    speak,
    judge,
    async drop(to) {
      if (pending !== undefined && pending.position >= to) pending = undefined;
      // Called again, it is waited for again.
      firstSaid = false;
      judged = judgeUntil(judged, to);
      heard = undefined;
      trail.keep(to);
      await sequence.keep(to);
    },
    leaves: trail.leaves,
    margins: trail.margins,
    close: () => sequence.close(),
  };

  async function speak(answer: Answer, interrupted: () => boolean, signal: AbortSignal) {
    if (answer.end >= tokensMax) return undefined;
    const ids: TokenId[] = [];
    const begunAt = ports.clock.now();
    let end: Chunk["end"];
    while (end === undefined) {
      if (interrupted() || signal.aborted) break;
      const candidates = await sequence.next(pending === undefined ? [] : [pending.id], signal);
      pending = undefined;
      const position = answer.end + ids.length;
      trail.note(position, candidates);
      const legal = await legality.among(position, candidates, signal);
      const { id } = choose(legal.candidates, sampling, position);
      legality.told(position, id);
      ids.push(id);
      pending = { id, position };
      end = sequence.ends(id) ? "stop" : position + 1 >= tokensMax ? "length" : undefined;
      const openMs = ports.clock.now() - begunAt;
      if (isChunkFull({ tokens: ids.length, first: !firstSaid, openMs }, open.holdMs)) break;
    }
    if (ids.length === 0) return undefined;
    firstSaid = true;
    return said(answer, ids, end);
  }

  function said(answer: Answer, ids: TokenId[], end: Chunk["end"]): Omit<Chunk, "signature"> {
    const text = sequence.text(ids, answer.ids);
    return { start: answer.end, ids, text, ...(end === undefined ? {} : { end }) };
  }

  async function judge(
    answer: Answer,
    chunk: Chunk,
    next: readonly TokenId[],
    signal: AbortSignal,
    speaker?: SessionKey,
  ): Promise<Judgement> {
    const { ids, start } = chunk;
    const isOther = speaker !== heard;
    heard = speaker;
    // Whatever it says: the window may have no room to read it.
    if (chunkEnd(chunk) > tokensMax)
      return { accepted: false, margin: 0, reason: "end", at: Math.max(start, tokensMax) };
    if (pending !== undefined) await sequence.judge([pending.id], signal);
    pending = undefined;
    const lists = await sequence.judge(ids, signal, next);
    let margin = 0;
    let rejection: { reason: RejectionReason; at: number } | undefined;
    for (const [offset, claimed] of ids.entries()) {
      const position = start + offset;
      const candidates = lists[offset]!;
      if (candidates.length === 0) {
        // Not looked at: nothing is said of it but whether its schema allows it at all.
        if (!legality.allows(position, claimed)) rejection ??= { reason: "margin", at: position };
        legality.told(position, claimed);
        continue;
      }
      const legal = await legality.among(position, candidates, signal, claimed);
      legality.told(position, claimed);
      const begins = isOther && offset === 0;
      const found = judgeToken(judged, { ...legal, claimed, sampling, position, begins });
      judged = found.judge;
      const tally = withMargin(trail.margins(position), found.margin, legal.candidates, sampling);
      trail.note(position, candidates, tally);
      margin = Math.max(margin, found.margin);
      if (found.rejected !== undefined) rejection ??= { reason: found.rejected, at: position };
    }
    rejection ??= formOf(sequence, answer, chunk, tokensMax);
    return rejection === undefined ? { accepted: true, margin } : { accepted: false, margin, ...rejection };
  }
}

/** What can be seen without logits: the text is what the ids say, and the end is where they say it is. */
function formOf(
  sequence: TokenSequence,
  answer: Answer,
  chunk: Chunk,
  tokensMax: number,
): { reason: RejectionReason; at: number } | undefined {
  const { ids, start, text, end } = chunk;
  if (sequence.text(ids, answer.ids) !== text) return { reason: "text", at: start };
  const last = start + ids.length - 1;
  const endsAt = ids.findIndex((id) => sequence.ends(id));
  if (endsAt >= 0 && (endsAt !== ids.length - 1 || end !== "stop"))
    return { reason: "end", at: start + endsAt };
  if (end === "stop" && endsAt < 0) return { reason: "end", at: last };
  if ((end === "length") !== (last + 1 === tokensMax && endsAt < 0)) return { reason: "end", at: last };
  return undefined;
}

function contextOverflow(promptTokens: number, open: OpenOrder): HoldfastError {
  return new HoldfastError(
    `the prompt (${promptTokens} tokens) and the answer asked for (${open.tokensMax ?? 1}) do not fit the model's window of ${open.contextTokens} tokens`,
    { code: "context-overflow", fault: "user" },
  );
}

/** SHA-256 over u32 little-endian ids, hex. */
function digestOf(ids: readonly TokenId[]): string {
  const bytes = new Uint8Array(ids.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, id] of ids.entries()) view.setUint32(index * 4, id, true);
  return bytesToHex(sha256(bytes));
}
