import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { isAlive, processStart } from "../adapters/process/process-start.ts";
import type { Log } from "../ports.ts";

const file = "run.json";

const processSchema = z.object({
  pid: z.int(),
  /** When the process began (see process-start.ts): tells it from a later one with the same pid. */
  start: z.string().optional(),
});

/** What runs, or last ran, out of a home folder. Written whole, so that a reader never sees half of it. */
const runSchema = z.object({
  v: z.literal(1),
  startedAt: z.string(),
  up: processSchema.optional(),
  gateway: processSchema
    .extend({
      url: z.string(),
      peer: z.string().optional(),
      /** Where other nodes meet it. */
      multiaddr: z.string().optional(),
      log: z.string().optional(),
    })
    .optional(),
  chain: processSchema
    .partial()
    .extend({ id: z.number(), rpc: z.array(z.string()), bonds: z.string(), models: z.string() })
    .optional(),
  model: z.object({ id: z.string(), name: z.string() }).optional(),
  providers: z.array(
    processSchema.extend({
      name: z.string(),
      peer: z.string(),
      address: z.string(),
      endpoint: z.string(),
      multiaddr: z.string().optional(),
      /** Where it listens, whatever it announces; and its own folder. */
      dataPort: z.int().optional(),
      home: z.string().optional(),
      model: z.string(),
      log: z.string().optional(),
    }),
  ),
});

export type Run = z.infer<typeof runSchema>;

export function writeRun(home: string, run: Run): void {
  mkdirSync(home, { recursive: true });
  const draft = join(home, `${file}.${process.pid}`);
  writeFileSync(draft, `${JSON.stringify(run, null, 2)}\n`);
  renameSync(draft, join(home, file));
}

/** Is any process of the record still there? */
function isLive(run: Run): boolean {
  const { up, gateway, chain, providers } = run;
  return [up, gateway, chain, ...providers].some((it) => it?.pid !== undefined && isAlive(it.pid, it.start));
}

/**
 * Records a lone process, unless another that lives has its own record here. Only `holdfast status` reads it: where it
 * cannot be written, the process that was to be seen there goes on without, and says so.
 */
export function recordAlone(log: Log, home: string, run: Omit<Run, "v" | "startedAt">): void {
  const path = join(home, file);
  const before = readRun(home);
  if (before !== undefined && isLive(before)) {
    const reason = "what is recorded there still runs";
    const url = before.gateway?.url;
    log.warn("run-file.not-written", { file: path, ...(url && { url }), reason, remedy: unseen });
    return;
  }
  try {
    writeRun(home, { v: 1, startedAt: new Date().toISOString(), ...run });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.warn("run-file.not-written", { file: path, reason, remedy: unseen });
  }
}

const unseen =
  "`holdfast status` will not see this process; --home names a folder of its own that can be written to.";

/** A process as a record names it; this one when none is named. */
export function processOf(pid = process.pid): { pid: number; start?: string } {
  const start = processStart(pid);
  return { pid, ...(start === undefined ? {} : { start }) };
}

/** Undefined: nothing ever ran here, or the file is not one of ours. */
export function readRun(home: string): Run | undefined {
  try {
    return runSchema.safeParse(JSON.parse(readFileSync(join(home, file), "utf8"))).data;
  } catch {
    return undefined;
  }
}
