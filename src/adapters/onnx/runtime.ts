import { readFile } from "node:fs/promises";
import { arch, cpus, platform } from "node:os";
import type { InferenceSession } from "onnxruntime-node";
import { HoldfastError } from "../../protocol/errors.ts";
import { onnxRemedy } from "./packages.ts";

export type OnnxPackage = typeof import("onnxruntime-node");
export type TokenizersPackage = typeof import("@huggingface/tokenizers");

export interface Runtime {
  readonly onnx: OnnxPackage;
  readonly tokenizers: TokenizersPackage;
  readonly session: InferenceSession;
}

/**
 * Loads the native runtime and a model from memory. Both packages are optional, so they are imported here and nowhere
 * else at run time. Throws HoldfastError `engine-missing`, `model-unloadable`.
 */
export async function loadRuntime(model: Uint8Array, threads: number): Promise<Runtime> {
  const { onnx, tokenizers } = await importPackages();
  try {
    const session = await onnx.InferenceSession.create(model, {
      executionProviders: ["cpu"],
      executionMode: "sequential",
      ...{ intraOpNumThreads: threads, interOpNumThreads: 1, logSeverityLevel: 4 },
      // Threads that spin while they wait take the processor from other nodes of the machine.
      extra: { session: { intra_op: { allow_spinning: "0" } } },
    });
    return { onnx, tokenizers, session };
  } catch (error) {
    throw new HoldfastError("The model file could not be loaded.", {
      code: "model-unloadable",
      fault: "environment",
      remedy: "Check that it is a whole ONNX model in one file, without weights in other files beside it.",
      facts: { reason: reasonOf(error) },
      cause: error,
    });
  }
}

async function importPackages() {
  try {
    const [onnx, tokenizers] = await Promise.all([
      import("onnxruntime-node"),
      import("@huggingface/tokenizers"),
    ]);
    return { onnx, tokenizers };
  } catch (error) {
    throw new HoldfastError("The runtime for ONNX models is not installed.", {
      code: "engine-missing",
      fault: "environment",
      remedy: onnxRemedy,
      cause: error,
    });
  }
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!.slice(0, 200);
}

/**
 * Everything that decides the last bits of a vector, in one line: the runtime's release, and the instruction sets by
 * which it chooses its kernels. Two nodes with one profile agree to the bit; an 8-bit model, whose sums overflow
 * without the newer of them, may differ by far more than a bit between profiles.
 */
export async function profileOf({ onnx }: Runtime): Promise<string> {
  const version = onnx.env.versions.node ?? onnx.env.versions.common;
  return `onnxruntime-node@${version} cpu ${arch()} ${await instructionSets()}`;
}

/** Those that the kernels of the CPU backend differ by. */
const telling = [
  ...["avx", "avx2", "fma", "avx512f", "avx512bw", "avx512_vnni", "avx_vnni", "amx_int8", "amx_bf16"],
  ...["asimddp", "asimdhp", "i8mm", "bf16", "sve"],
];

async function instructionSets(): Promise<string> {
  const info = await readFile("/proc/cpuinfo", "utf8").catch(() => "");
  const listed = /^(?:flags|Features)\s*:(.*)$/m.exec(info)?.[1]?.trim().split(/\s+/);
  // Where the system does not tell, only machines of one kind are taken to be alike.
  if (listed === undefined) return `${platform()} ${cpus()[0]?.model ?? "unknown"}`.slice(0, 120);
  return telling.filter((name) => listed.includes(name)).join("+") || "plain";
}
