import type { Tokenizer } from "@huggingface/tokenizers";
import type { ModelId } from "../../domain/ids.ts";
import type { Classes } from "../../domain/verification/classes.ts";
import { type Pooling, pooled } from "../../domain/verification/pooling.ts";
import type { Embedding, EmbeddingEngine } from "../../ports.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import { loadRuntime, profileOf, type Runtime } from "./runtime.ts";

export interface OnnxEngineOptions {
  /** The model file's bytes. */
  readonly file: Uint8Array;
  /** A tokenizer.json. */
  readonly tokenizer: string;
  readonly pooling: Pooling;
  /** What its logits are about, where it is a classifier. */
  readonly classes?: Classes;
  readonly model: ModelId;
  readonly name: string;
  readonly slots: number;
  readonly contextTokens: number;
  readonly threads: number;
}

/**
 * An ONNX model that embeds or classifies, on the CPU. Each text is a forward pass of its own: in a batch its bits would
 * depend on what else was in it, and no two nodes could be compared. Throws HoldfastError `engine-missing`,
 * `model-unloadable`, `not-a-model`.
 */
export async function createOnnxEngine(options: OnnxEngineOptions): Promise<EmbeddingEngine> {
  const runtime = await loadRuntime(options.file, options.threads);
  const tokenizer = readTokenizer(runtime, options.tokenizer);
  const { model, name, slots, contextTokens, pooling, classes } = options;
  const output = outputOf(runtime, classes);
  /** The runtime computes on this very thread: one text at a time, and between two of them others have a turn. */
  let last: Promise<unknown> = Promise.resolve();

  async function embed(text: string, signal: AbortSignal): Promise<Embedding> {
    signal.throwIfAborted();
    if (text.length > contextTokens * limits.tokenLengthMax) throw overflow(contextTokens);
    const { ids } = tokenizer.encode(text);
    if (ids.length > contextTokens) throw overflow(contextTokens);
    if (ids.length === 0)
      throw new HoldfastError("a text without any token", { code: "bad-request", fault: "user" });
    const rows = await forward(runtime, output, ids);
    const values = classes === undefined ? pooled(rows, pooling) : logitsOf(rows, classes);
    // Every honest node comes to the same, so it is the text that this model can do nothing with.
    if (!values.every(Number.isFinite))
      throw new HoldfastError("the model gives no finite numbers for a text", {
        code: "bad-request",
        fault: "user",
      });
    return { values, tokens: ids.length };
  }

  const probe = await embed("dimensions", new AbortController().signal).catch((error: unknown) => {
    if (error instanceof HoldfastError && error.code === "bad-request") throw unfit(error.message);
    throw error;
  });
  return {
    ...{ kind: "embedding", model, name, slots, contextTokens, profile: await profileOf(runtime) },
    dimensions: probe.values.length,
    ...(classes === undefined ? {} : { classes }),
    embed(text, signal) {
      const turn = last.then(() => embed(text, signal));
      last = turn.catch(() => {});
      return turn;
    },
    async close() {
      await last;
      await runtime.session.release();
    },
  };
}

function readTokenizer({ tokenizers }: Runtime, text: string): Tokenizer {
  try {
    return new tokenizers.Tokenizer(JSON.parse(text), {});
  } catch (error) {
    throw new HoldfastError("The model's tokenizer.json could not be read.", {
      code: "model-unloadable",
      fault: "environment",
      remedy: "Fetch it anew; it belongs to the model as much as the weights do.",
      cause: error,
    });
  }
}

/** As exporters name them, the finished one first. */
function outputOf({ session: { outputNames } }: Runtime, classes: Classes | undefined): string {
  if (classes === undefined && outputNames.includes("logits"))
    throw unfit("it returns logits, and no config.json beside it says what they are about");
  const wanted = classes === undefined ? vectorOutputs : ["logits"];
  const found = wanted.find((name) => outputNames.includes(name)) ?? outputNames[0];
  if (found === undefined) throw unfit("it returns nothing");
  return found;
}

const vectorOutputs = ["sentence_embedding", "last_hidden_state", "token_embeddings"];

/** One logit for each label, of the whole text. */
function logitsOf(rows: readonly Float32Array[], { labels }: Classes): Float32Array {
  const [logits, ...more] = rows;
  if (logits === undefined || more.length > 0) throw unfit("its logits are not of the whole text");
  if (logits.length === labels.length) return logits;
  throw unfit(`it returns ${logits.length} logits, and its config.json names ${labels.length} labels`);
}

/** One vector for each token; or one for all of them, where the model itself makes it. */
async function forward(
  { onnx, session }: Runtime,
  output: string,
  ids: readonly number[],
): Promise<Float32Array[]> {
  const tensor = (values: readonly number[]) =>
    new onnx.Tensor("int64", BigInt64Array.from(values, BigInt), [1, values.length]);
  const known: Readonly<Record<string, () => readonly number[]>> = {
    input_ids: () => ids,
    attention_mask: () => ids.map(() => 1),
    token_type_ids: () => ids.map(() => 0),
    position_ids: () => ids.map((_, at) => at),
  };
  const feeds = session.inputNames.map((name) => {
    const values = known[name]?.();
    if (values === undefined) throw unfit(`it wants an input called ${name}`);
    return [name, tensor(values)] as const;
  });
  const found = (await session.run(Object.fromEntries(feeds), [output]))[output];
  if (found === undefined || !(found.data instanceof Float32Array)) throw unfit("its output is not float32");
  const width = found.dims.at(-1) ?? 0;
  if (width < 1 || width > limits.embeddingDimensionsMax) throw unfit(`its vectors hold ${width} numbers`);
  const { data } = found;
  return Array.from({ length: data.length / width }, (_, row) =>
    data.subarray(row * width, (row + 1) * width),
  );
}

function overflow(contextTokens: number): HoldfastError {
  return new HoldfastError(`a text is longer than ${contextTokens} tokens`, {
    code: "context-overflow",
    fault: "user",
  });
}

function unfit(reason: string): HoldfastError {
  return new HoldfastError("This ONNX model is none that embeds or classifies text.", {
    code: "not-a-model",
    fault: "user",
    remedy:
      "Give one that takes input_ids and returns last_hidden_state or sentence_embedding; or logits, with its config.json.",
    facts: { reason: reason.slice(0, 200) },
  });
}
