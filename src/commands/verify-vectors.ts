import { verify as isSigned } from "../adapters/keys/session.ts";
import { isOnnxFile, readOnnxModel } from "../adapters/models/onnx-model.ts";
import { createOnnxEngine } from "../adapters/onnx/engine.ts";
import type { Address, SessionKey } from "../domain/ids.ts";
import { toBase64 } from "../domain/verification/base64.ts";
import type { Recomputed, ReplicationReceipt } from "../domain/verification/replication-receipt.ts";
import { reportOnReplication } from "../domain/verification/replication-receipt.ts";
import type { Report } from "../domain/verification/report.ts";
import { HoldfastError } from "../protocol/errors.ts";
import { limits } from "../protocol/limits.ts";
import { readReplicationReceipt } from "../protocol/replication-receipt.ts";

export interface VectorsOptions {
  /** An ONNX file to compute the vectors again with. */
  readonly model?: string | undefined;
  readonly vouchedKeys: (
    receipt: Pick<ReplicationReceipt, "offers" | "market">,
  ) => Promise<ReadonlyMap<SessionKey, readonly Address[]>>;
}

/** What follows from a text that holds the receipt of vectors; undefined when it holds anything else. */
export async function reportOnVectors(
  text: string,
  { model, vouchedKeys }: VectorsOptions,
): Promise<Report | undefined> {
  const receipt = readReplicationReceipt(text);
  if (receipt === undefined) return undefined;
  const keys = await vouchedKeys(receipt);
  const again = model === undefined ? undefined : await computeAgain(receipt, model);
  return reportOnReplication(receipt, { verify: isSigned, vouchedBy: (key) => keys.get(key) ?? [] }, again);
}

async function computeAgain(receipt: ReplicationReceipt, path: string): Promise<Recomputed | undefined> {
  if (!isOnnxFile(path)) throw otherModel("These vectors come from an ONNX model, and --model names none.");
  const { id, model: file, ...rest } = await readOnnxModel(path);
  if (id !== receipt.model) throw otherModel("The file of --model is another model than the receipt's.");
  const engine = await createOnnxEngine({
    ...{ ...rest, file, model: id, slots: 1, threads: 1, contextTokens: limits.answerTokensMax },
  });
  try {
    const stop = new AbortController();
    const vectors: string[] = [];
    for (const text of receipt.inputs ?? []) {
      const { values } = await engine.embed(text, stop.signal);
      vectors.push(toBase64(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)));
    }
    return { profile: engine.profile, classes: engine.classes, vectors };
  } finally {
    await engine.close();
  }
}

function otherModel(message: string): HoldfastError {
  return new HoldfastError(message, {
    code: "other-model",
    fault: "user",
    remedy: "Give --model the ONNX file that the receipt's model is the digest of, with its tokenizer.json.",
  });
}
