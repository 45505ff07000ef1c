import type { SessionKey, TokenId } from "../../domain/ids.ts";
import { type Chunk, chunkEnd } from "../../domain/inference/chunk.ts";
import type { Channel, ChannelHandlers, Log } from "../../ports.ts";
import type { OpenOrder, Order, RefusalCode, Word } from "../../protocol/attempt.ts";
import { HoldfastError, kindOf } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import { type Answer, createAnswer } from "./answer.ts";
import { checkDrawn, noteAnnounced } from "./drawn-order.ts";
import { outOfTurn } from "./out-of-turn.ts";
import { type RecallPorts, recall } from "./recall.ts";
import { createStand, type Stand } from "./stand.ts";
import type { Voice } from "./voice.ts";

export interface ConversationPorts extends RecallPorts {
  /** Begins work on a job, or throws what `refusalOf` reads. */
  readonly openVoice: (open: OpenOrder, signal: AbortSignal) => Promise<Voice>;
  readonly log: Log;
}

/**
 * One attempt, from the provider's side: orders are taken one at a time in the order they came, and between two of
 * them it speaks if it was told to. Closing the channel stops the engine within a step.
 */
export function converse(ports: ConversationPorts, channel: Channel<Word>): ChannelHandlers<Order> {
  const { clock, log, signer, verify } = ports;
  const orders: Order[] = [];
  const stop = new AbortController();
  let opened = false;
  let waitingUnits = 0;
  let wake: (() => void) | undefined;
  let voice: Voice | undefined;
  let cancelDeadline: (() => void) | undefined;
  /** Since when it has nothing to do; undefined while it has. */
  let idleSince: number | undefined;
  let cancelIdle: (() => void) | undefined;
  /** Since where what was heard is signed for by the word after it alone, which waits. */
  let coveredFrom: number | undefined;

  run().catch((error: unknown) => refuse(refusalOf(error), error));
  return {
    message(order) {
      if (stop.signal.aborted) return;
      waitingUnits += unitsOf(order);
      const opens = opening.has(order.t);
      // The first is the prompt, within its own limit; a second would be refused in its turn, as heavy as it is.
      const tooMany = waitingUnits > limits.ordersWaitingUnitsMax || (opens && opened);
      if (tooMany) return refuse("bad-request", outOfTurn("more orders than can be followed"));
      opened ||= opens;
      orders.push(order);
      wake?.();
    },
    closed: () => end(),
  };

  function end(): void {
    if (stop.signal.aborted) return;
    stop.abort();
    orders.length = 0;
    cancelDeadline?.();
    cancelIdle?.();
    voice?.close();
    wake?.();
  }

  function hangUp(): void {
    channel.close();
    end();
  }

  /** Looks now and then, so that the many short waits between two orders cost no timer each. */
  function watchIdle(): void {
    cancelIdle = clock.after(limits.attemptIdleMsMax / 4, () => {
      const idleMs = idleSince === undefined ? 0 : clock.now() - idleSince;
      if (idleMs < limits.attemptIdleMsMax) return watchIdle();
      refuse(
        "idle",
        new HoldfastError("nothing was asked of it for too long", { code: "idle", fault: "peer" }),
      );
    });
  }

  function refuse(code: RefusalCode, error: unknown): void {
    if (stop.signal.aborted) return;
    const message = error instanceof HoldfastError ? error.message : "the engine failed";
    // Only the kind: an engine's own message may quote the prompt.
    if (!(error instanceof HoldfastError)) log.error("attempt-failed", { error: kindOf(error) });
    channel.send({ t: "refused", code, message, ...(code === "busy" ? { retryAfterMs: 1000 } : {}) });
    hangUp();
  }

  async function run(): Promise<void> {
    const open = await nextOrder();
    if (open === undefined) return;
    if (open.t === "recall") return reveal(await recall(ports, open.job, stop.signal));
    if (open.t === "announce") {
      channel.send(await noteAnnounced(ports, open));
      return hangUp();
    }
    if (open.t !== "open") throw outOfTurn(open.t);
    await checkDrawn(ports, open, stop.signal);
    voice = await openWhenFree(open);
    if (stop.signal.aborted) return voice.close();
    cancelDeadline = clock.after(open.deadlineMs, hangUp);
    watchIdle();
    const { promptTokens, promptDigest, profile } = voice;
    channel.send({ t: "ready", promptTokens, promptDigest, profile });
    await voice.prepare(stop.signal);
    channel.send({ t: "read" });
    await follow(open, voice, createAnswer(open.job, promptDigest));
  }

  /** Opens what was sealed long ago, and does nothing else. */
  async function reveal(stand: Pick<Stand, "close" | "reveal">): Promise<void> {
    watchIdle();
    for (let order = await nextOrder(); order !== undefined; order = await nextOrder()) {
      if (order.t === "close") channel.send({ t: "closed", branch: 0, ...(await stand.close(order)) });
      else if (order.t === "reveal")
        channel.send({ t: "revealed", branch: 0, ...(await stand.reveal(order)) });
      else throw outOfTurn(order.t);
    }
  }

  /**
   * A seat just given up is free a moment later: the engine finishes its step first. So a full engine is asked again
   * for a little while before the attempt is refused.
   */
  async function openWhenFree(open: OpenOrder): Promise<Voice> {
    const begun = clock.now();
    while (true) {
      try {
        return await ports.openVoice(open, stop.signal);
      } catch (error) {
        const isBusy = error instanceof HoldfastError && error.code === "busy";
        if (!isBusy || stop.signal.aborted || clock.now() - begun >= limits.seatWaitMsMax) throw error;
      }
      await new Promise<void>((resolve) => clock.after(limits.seatWaitMsMax / 10, resolve));
    }
  }

  /** Follows what is shown and speaks when told to, until the channel closes. */
  async function follow(open: OpenOrder, voice: Voice, answer: Answer): Promise<void> {
    const stand = createStand(ports, open, voice, answer, stop.signal);
    let branch = 0;
    let speaking = false;
    /** Where the first chunk it would not have said starts. */
    let dissent = Number.POSITIVE_INFINITY;
    while (!stop.signal.aborted) {
      if (!speaking || orders.length > 0) {
        const order = await nextOrder();
        if (order === undefined) return;
        if (order.t === "said") dissent = Math.min(dissent, await hear(voice, answer, order, branch, open));
        if (order.t === "drop") {
          // Half a chunk stays signed whole: what is said after it would not be what the model says there.
          if (order.to < answer.end && answer.digestAt(order.to) === undefined)
            throw outOfTurn(`drop to ${order.to}, in the middle of a chunk`);
          if (dissent >= order.to) dissent = Number.POSITIVE_INFINITY;
          answer.drop(order.to);
          await voice.drop(order.to);
          branch = order.branch;
          speaking = false;
        }
        if (order.t === "speak") {
          if (order.from !== answer.end) throw outOfTurn(`speak from ${order.from} at ${answer.end}`);
          speaking = true;
        }
        if (order.t === "commit") {
          speaking = false;
          channel.send({ t: "committed", branch, ...stand.commit(order, dissent) });
        }
        if (order.t === "close") channel.send({ t: "closed", branch, ...(await stand.close(order)) });
        if (order.t === "reveal") channel.send({ t: "revealed", branch, ...(await stand.reveal(order)) });
        continue;
      }
      const said = await voice.speak(answer, () => orders.length > 0, stop.signal);
      if (said === undefined || stop.signal.aborted) {
        // With nothing to say, and nothing asked meanwhile, it waits to be called off.
        speaking = orders.length > 0;
        continue;
      }
      const signature = signer.sign(answer.digestAfter(said));
      answer.append(said);
      const sealed = said.end === undefined ? {} : stand.seal(dissent);
      channel.send({ t: "chunk", branch, chunk: { ...said, signature }, ...sealed });
      speaking = said.end === undefined;
    }
  }

  /** Resolves with where the chunk starts if it was rejected, else with a position that never comes. */
  async function hear(
    voice: Voice,
    answer: Answer,
    order: Extract<Order, { t: "said" }>,
    branch: number,
    { reference }: OpenOrder,
  ): Promise<number> {
    const { chunk, speaker } = order;
    const { start } = chunk;
    if (start !== answer.end) throw outOfTurn(`said ${start} at ${answer.end}`);
    const through = chunkEnd(chunk);
    const signed = answer.digestAfter(chunk);
    const isCovered = coversNext(chunk, speaker);
    const judgement = await voice.judge(answer, chunk, reference ? [] : idsWaiting(), stop.signal, speaker);
    answer.append(chunk);
    if (stop.signal.aborted || judgement === undefined) return Number.POSITIVE_INFINITY;
    const from = coveredFrom ?? start;
    const { margin } = judgement;
    coveredFrom = isCovered ? from : undefined;
    if (!isCovered && !verify(speaker, signed, chunk.signature)) {
      channel.send({ t: "rejected", branch, start: from, through, at: from, reason: "signature", margin });
      return from;
    }
    if (judgement.accepted) {
      channel.send({ t: "judged", branch, through, margin });
      return Number.POSITIVE_INFINITY;
    }
    const { at, reason } = judgement;
    channel.send({ t: "rejected", branch, start, through, at, reason, margin });
    return start;
  }

  /** A signature is over everything before it: of several words by one speaker that wait, the last one's is enough. */
  function coversNext(chunk: Chunk, speaker: SessionKey): boolean {
    const [next] = orders;
    return next?.t === "said" && next.speaker === speaker && next.chunk.start === chunkEnd(chunk);
  }

  /** What was said and not yet heard: whoever is behind reads it in larger steps, and so catches up. */
  function idsWaiting(): TokenId[] {
    const ids: TokenId[] = [];
    for (const order of orders) {
      if (order.t !== "said" || ids.length >= limits.chunkTokensMax) break;
      ids.push(...order.chunk.ids);
    }
    return ids;
  }

  async function nextOrder(): Promise<Order | undefined> {
    while (orders.length === 0) {
      if (stop.signal.aborted) return undefined;
      idleSince ??= clock.now();
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      wake = undefined;
    }
    idleSince = undefined;
    if (stop.signal.aborted) return undefined;
    const order = orders.shift();
    if (order !== undefined) waitingUnits -= unitsOf(order);
    return order;
  }
}

/** Orders that only the first can be: they say what kind of attempt it is. */
const opening: ReadonlySet<Order["t"]> = new Set(["open", "embed", "recall", "announce"]);

/** What an order costs while it waits, by `limits.ordersWaitingUnitsMax`. The first has a limit of its own. */
function unitsOf(order: Order): number {
  if (order.t === "said") return 256 + order.chunk.text.length + 16 * order.chunk.ids.length;
  const set = order.t === "commit" ? order.dispute?.set : "set" in order ? order.set : undefined;
  return 256 + 512 * (set === undefined ? 0 : 2 + set.witnesses.length + set.commits.length);
}

/** What a gateway is told of an error: whose turn it is, and whether it is held against anybody. */
export function refusalOf(error: unknown): RefusalCode {
  const codes: readonly string[] = [
    "busy",
    "unknown-model",
    "context-overflow",
    "bad-request",
    "cannot-witness",
    "not-drawn",
  ];
  if (!(error instanceof HoldfastError)) return "engine";
  if (codes.includes(error.code)) return error.code as RefusalCode;
  // What the application got wrong is never held against the node that says so.
  return error.fault === "user" ? "bad-request" : "engine";
}
