import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive, processStart } from "../../src/adapters/process/process-start.ts";

export const root = join(import.meta.dirname, "../..");

export interface Finished {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Standard input; empty when not given. */
  readonly input?: string;
}

export interface RunningCommand {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  stdout(): string;
  stderr(): string;
  /** Resolves to the first whole line on standard output; rejects with what was said when it ends without one. */
  line(): Promise<string>;
}

/** This process's environment without settings of Holdfast, so that a developer's own do not steer the tests. */
export function cleanEnvironment(added: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !/^(HOLDFAST_|npm_|INIT_CWD|NODE_OPTIONS|VITEST|NODE_ENV)/.test(name) || name === "HOLDFAST_CACHE",
  );
  return { ...Object.fromEntries(kept), ...added };
}

export function startCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): RunningCommand {
  const child = spawn(file, [...args], {
    cwd: options.cwd ?? root,
    env: cleanEnvironment(options.env),
    stdio: ["pipe", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdin?.on("error", () => {});
  child.stdin?.end(options.input ?? "");
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  finished.catch(() => {});
  const line = () =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        const end = stdout.indexOf("\n");
        if (end >= 0) resolve(stdout.slice(0, end));
      };
      child.stdout?.on("data", look);
      look();
      void finished.then(({ code, signal }) =>
        reject(new Error(`ended (${signal ?? code}) and said:\n${stderr}`)),
      );
    });
  return { child, finished, stdout: () => stdout, stderr: () => stderr, line };
}

/** Runs `holdfast` from its sources to its end. */
export function holdfast(args: readonly string[], options: CommandOptions = {}): Promise<Finished> {
  return startCommand(process.execPath, [join(root, "src/main.ts"), ...args], options).finished;
}

export interface Process {
  readonly pid: number;
  readonly start: string | undefined;
  readonly command: string;
}

/** A process and all it started, and all those started, as they are now. */
export function familyOf(pid: number): Process[] {
  const parents = new Map<number, number[]>();
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const parent = parentOf(Number(entry));
    if (parent !== undefined) parents.set(parent, [...(parents.get(parent) ?? []), Number(entry)]);
  }
  const found: number[] = [];
  for (let next: number[] = [pid]; next.length > 0; next = next.flatMap((each) => parents.get(each) ?? [])) {
    found.push(...next);
  }
  return found.map((each) => ({ pid: each, start: processStart(each), command: commandOf(each) }));
}

export function survivors(family: readonly Process[]): Process[] {
  return family.filter(({ pid, start }) => start !== undefined && isAlive(pid, start));
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").slice(0, 200);
  } catch {
    return "";
  }
}
