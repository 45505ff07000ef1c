import { toBase64 } from "../../domain/verification/base64.ts";
import { type EmbeddingSpec, embeddingStatement, type Vector } from "../../domain/verification/embedding.ts";
import { statementDigest } from "../../domain/verification/statement.ts";
import type { Channel, ChannelHandlers, Clock, EmbeddingEngine, Log, Sequence, Signer } from "../../ports.ts";
import type { EmbedOrder, Order, Word } from "../../protocol/attempt.ts";
import { HoldfastError, kindOf } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import { refusalOf } from "./conversation.ts";
import { outOfTurn } from "./out-of-turn.ts";
import type { Identity } from "./testimony.ts";

export interface EmbeddingPorts extends Pick<Identity, "market"> {
  readonly engines: readonly EmbeddingEngine[];
  readonly signer: Signer;
  readonly sequence: Sequence;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * One attempt that asks for vectors, from the provider's side: each text's vector as soon as it is there, and at the
 * end a signed statement of all of them. Closing the channel stops it between two texts.
 */
export function embed(ports: EmbeddingPorts, channel: Channel<Word>): ChannelHandlers<Order> {
  const stop = new AbortController();
  let cancelDeadline: (() => void) | undefined;
  let asked = false;

  function end(): void {
    cancelDeadline?.();
    stop.abort();
  }

  function refuse(error: unknown): void {
    if (stop.signal.aborted) return;
    if (!(error instanceof HoldfastError)) ports.log.error("attempt-failed", { error: kindOf(error) });
    const message = error instanceof HoldfastError ? error.message : "the engine failed";
    channel.send({ t: "refused", code: refusalOf(error), message });
    channel.close();
    end();
  }

  async function answer(order: EmbedOrder): Promise<void> {
    cancelDeadline = ports.clock.after(order.deadlineMs, () => {
      channel.close();
      end();
    });
    const engine = ports.engines.find(({ model }) => model === order.model);
    if (engine === undefined) throw notServed;
    const vectors: Vector[] = [];
    for (const text of order.inputs) {
      const { values, tokens } = await engine.embed(text, stop.signal);
      if (stop.signal.aborted) return;
      const vector = { tokens, values: littleEndian(values) };
      vectors.push(vector);
      channel.send({ t: "vector", tokens, values: toBase64(vector.values) });
    }
    const { profile, classes } = engine;
    channel.send({ t: "embedded", profile, statement: sign({ ...order, profile, classes }, vectors) });
    channel.close();
    end();
  }

  function sign(spec: EmbeddingSpec, vectors: readonly Vector[]) {
    const { market, sequence, signer, clock } = ports;
    const numbers = { seq: sequence.next(), expiry: Math.floor(clock.wall()) + limits.statementLifeMs };
    const digest = statementDigest(market, embeddingStatement(spec, vectors, numbers));
    return { ...numbers, signature: signer.sign(digest) };
  }

  return {
    message(order) {
      if (stop.signal.aborted) return;
      if (asked || order.t !== "embed") return refuse(outOfTurn("an attempt for vectors is one order"));
      asked = true;
      answer(order).catch(refuse);
    },
    closed: end,
  };
}

/** As it is sent and signed, whatever the machine's own order is. */
function littleEndian(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  for (const [at, value] of values.entries()) view.setFloat32(4 * at, value, true);
  return bytes;
}

const notServed = new HoldfastError("this node gives no vectors with that model", {
  code: "unknown-model",
  fault: "peer",
});
