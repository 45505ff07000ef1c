import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import * as z from "zod";
import type { ModelId } from "../../domain/ids.ts";
import { type Classes, classesKey } from "../../domain/verification/classes.ts";
import type { Pooling } from "../../domain/verification/pooling.ts";
import { classesSchema } from "../../protocol/classes.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import { corrupt } from "./digest.ts";
import { modelIdOf } from "./model-file.ts";

/** Everything that decides a text's vector, read into memory: what was hashed is what is used. */
export interface OnnxModel {
  /** Digest over the model, its tokenizer and its pooling: with another of them it is another model. */
  readonly id: ModelId;
  readonly name: string;
  readonly model: Uint8Array;
  /** A tokenizer.json. */
  readonly tokenizer: string;
  readonly pooling: Pooling;
  /** What its logits are about, where it is a classifier. */
  readonly classes?: Classes;
}

export function isOnnxFile(path: string): boolean {
  return /\.onnx$/i.test(path);
}

/**
 * An ONNX model as it is usually published: FILE.onnx, with tokenizer.json (and, where it is not the mean,
 * 1_Pooling/config.json; of a classifier config.json) beside it or in the folder above. Throws HoldfastError with fault
 * user (`model-missing`, `not-a-model`), or `model-corrupt` when the file is not the one that hashes to `sha256`.
 */
export async function readOnnxModel(path: string, sha256?: string): Promise<OnnxModel> {
  const file = resolve(path);
  const model = await readWithin(file, limits.onnxBytesMax);
  if (model === undefined) throw missing("There is no model file at this path.", file);
  const digest = sha256Of(model);
  const expected = sha256?.toLowerCase().replace(/^sha256[:=]/, "");
  if (expected !== undefined && digest !== expected) throw corrupt(file, expected, digest);
  const folders = [dirname(file), dirname(dirname(file))];
  const tokenizer = await firstOf(folders, "tokenizer.json", limits.tokenizerBytesMax);
  if (tokenizer === undefined)
    throw missing("There is no tokenizer.json beside the model, nor in the folder above.", file);
  const pooling = poolingOf(await firstOf(folders, "1_Pooling/config.json", limits.configBytesMax), file);
  const classes = classesOf(await firstOf(folders, "config.json", limits.configBytesMax), file);
  const sorted = classes === undefined ? "" : `classes ${classesKey(classes)}\n`;
  const whole = `holdfast onnx 1\nmodel ${digest}\ntokenizer ${sha256Of(tokenizer)}\npooling ${pooling}\n${sorted}`;
  return {
    ...{ id: modelIdOf(sha256Of(whole)), name: nameOf(file), model, pooling },
    ...(classes === undefined ? {} : { classes }),
    tokenizer: new TextDecoder().decode(tokenizer),
  };
}

async function firstOf(folders: readonly string[], name: string, bytesMax: number) {
  for (const folder of folders) {
    const found = await readWithin(join(folder, name), bytesMax);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The whole file; undefined where there is none. */
async function readWithin(file: string, bytesMax: number): Promise<Uint8Array | undefined> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined || !found.isFile()) return undefined;
  if (found.size <= bytesMax) return readFile(file);
  throw notAModel("This file is larger than any that can be served.", file);
}

/** The part of a sentence-transformers pooling configuration that is understood here. */
const poolingSchema = z.object({
  pooling_mode_cls_token: z.boolean().default(false),
  pooling_mode_mean_tokens: z.boolean().default(false),
  pooling_mode_lasttoken: z.boolean().default(false),
});

function poolingOf(config: Uint8Array | undefined, file: string): Pooling {
  if (config === undefined) return "mean";
  const { data } = poolingSchema.safeParse(parsed(config));
  if (data?.pooling_mode_mean_tokens) return "mean";
  if (data?.pooling_mode_cls_token) return "first";
  if (data?.pooling_mode_lasttoken) return "last";
  throw notAModel("Its 1_Pooling/config.json asks for a way of pooling that is not known here.", file);
}

/** The part of a transformers configuration by which a classifier is known. */
const configSchema = z.object({
  architectures: z.array(z.string()).default([]),
  id2label: z.record(z.string(), z.string()).optional(),
  problem_type: z.string().nullish(),
});

/** Undefined for a model that embeds. Labels are part of what the model says: without them it is not served. */
function classesOf(config: Uint8Array | undefined, file: string): Classes | undefined {
  const { data } = configSchema.safeParse(config && parsed(config));
  if (data === undefined || !data.architectures.some((name) => /ForSequenceClassification$/.test(name)))
    return undefined;
  if (data.problem_type === "regression")
    throw notAModel("It estimates a quantity (problem_type: regression), which has no labels.", file);
  const named = data.id2label ?? {};
  const labels = Object.keys(named).map((_, at) => named[at]);
  // With one logit there is nothing to share the probability with.
  const alone = data.problem_type === "multi_label_classification" || labels.length === 1;
  const found = classesSchema.safeParse({ labels, activation: alone ? "sigmoid" : "softmax" });
  if (found.success) return found.data;
  const reason = found.error.issues[0]?.message;
  throw notAModel(`Its config.json does not name its classes in id2label as it must: ${reason}.`, file);
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** After the file, or after its folders where every model's file has the same name. */
function nameOf(file: string): string {
  const own = basename(file).replace(/\.onnx$/i, "");
  if (!/^model/.test(own)) return own.slice(0, 128);
  const folder = dirname(file);
  return basename(basename(folder) === "onnx" ? dirname(folder) : folder).slice(0, 128) || own;
}

function sha256Of(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

function missing(message: string, file: string): HoldfastError {
  const remedy = "Give the path of an ONNX file that lies where it was published, with its tokenizer.json.";
  return new HoldfastError(message, { code: "model-missing", fault: "user", remedy, facts: { file } });
}

function notAModel(message: string, file: string): HoldfastError {
  const remedy =
    "Give an ONNX model that embeds or classifies, of up to 2 GB, in one file, as it was published.";
  return new HoldfastError(message, { code: "not-a-model", fault: "user", remedy, facts: { file } });
}
