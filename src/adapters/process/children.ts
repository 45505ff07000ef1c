import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { limits } from "../../protocol/limits.ts";
import { childEnded, firstWords } from "./first-words.ts";
import { lifelineDescriptor, lifelineEnvironment } from "./lifeline.ts";
import { processStart } from "./process-start.ts";

export interface ChildSpec {
  /** How people know it: "provider 1". */
  readonly name: string;
  /** Arguments to Node: the script and what follows. */
  readonly args: readonly string[];
  /** Its whole environment, but for what the lifeline adds. */
  readonly env: NodeJS.ProcessEnv;
  /** File its standard error goes to; appended. */
  readonly log: string;
}

export interface Child {
  readonly name: string;
  readonly pid: number;
  /**
   * The first line it prints, a JSON object, by which it says that it works. Rejects with HoldfastError: the child's
   * own error where it told one, else `child-ended` (fault holdfast).
   */
  readonly ready: Promise<Record<string, unknown>>;
  /** Resolves when it has ended, to how: `exit code 1`, `SIGKILL`. Never rejects. */
  readonly ended: Promise<string>;
}

export interface Children {
  start(spec: ChildSpec): Child;
  /** Puts a program started elsewhere, which knows no lifeline, in the guard's care; returns what takes it out. */
  guard(pid: number): () => void;
  /** Ends all of them: asked first, killed after a moment. Resolves when none is left. */
  stop(): Promise<void>;
}

/** Time children have to end in order, ms. With what follows it must fit into the 2 s in which everything is gone. */
const stopMsMax = 500;
/** Guards started in place of others. More die only where none can live, and a process a moment helps nobody. */
const guardsMax = 16;

/**
 * Child processes that cannot outlive this one. Each has a pipe from here and ends when it closes; a guard process ends
 * those that cannot (see guard.ts). They lead sessions of their own, so that a terminal's Ctrl-C comes here only.
 */
export function createChildren(): Children {
  let stopping = false;
  const living = new Map<number, ChildProcess>();
  const watched = new Map<number, string>();
  let guardsLeft = guardsMax;
  let guard = startGuard();
  guard.on("exit", replaceGuard);

  /** A guard that was killed is replaced: it is what a stopped child is ended by. One that cannot live is let go. */
  function replaceGuard(): void {
    if (stopping || guardsLeft === 0) return;
    guardsLeft -= 1;
    guard = startGuard();
    guard.on("exit", replaceGuard);
    for (const line of watched.values()) tell(line);
  }

  function tell(line: string): void {
    const pipe = guard.stdio[3];
    if (pipe !== null && pipe !== undefined && "write" in pipe) pipe.write(`${line}\n`);
  }

  function watch(pid: number, manner: "term" | "kill"): () => void {
    const line = `watch ${pid} ${processStart(pid) ?? "-"} ${manner}`;
    watched.set(pid, line);
    tell(line);
    return () => {
      watched.delete(pid);
      tell(`forget ${pid}`);
    };
  }

  function start(spec: ChildSpec): Child {
    const child = launch(spec);
    const { pid } = child;
    if (pid === undefined) throw childEnded(spec, "could not be started", "never began");
    living.set(pid, child);
    const forget = watch(pid, "kill");
    const ended = new Promise<string>((resolve) => {
      child.once("exit", (code, signal) => {
        living.delete(pid);
        forget();
        resolve(signal ?? `exit code ${code}`);
      });
    });
    return { name: spec.name, pid, ended, ready: firstWords(child, spec, ended) };
  }

  async function stop(): Promise<void> {
    stopping = true;
    const gone = [...living.values()].map((child) => new Promise((resolve) => child.once("exit", resolve)));
    for (const child of living.values()) child.kill("SIGTERM");
    const late = setTimeout(() => {
      for (const child of living.values()) child.kill("SIGKILL");
    }, stopMsMax);
    await Promise.all(gone);
    clearTimeout(late);
    // A program that somebody else is still ending stays in its care until this process is gone.
    if (watched.size === 0) guard.kill("SIGKILL");
  }

  return { start, guard: (pid) => watch(pid, "term"), stop };
}

/** The guard's file lies beside this one: as source in the clone, as JavaScript in a bundle or a package. */
function startGuard(): ChildProcess {
  const [source, emitted] = ["guard.ts", "guard.js"].map((name) =>
    fileURLToPath(new URL(name, import.meta.url)),
  );
  const file = existsSync(source!) ? source! : emitted!;
  const lifeline = lifelineDescriptor();
  const child = spawn(process.execPath, [file, ...(lifeline === undefined ? [] : ["lifeline"])], {
    detached: true,
    stdio: ["ignore", "ignore", "ignore", "pipe", lifeline ?? "ignore"],
  });
  child.stdio[3]?.on("error", () => {});
  child.on("error", () => {});
  return child;
}

function launch(spec: ChildSpec): ChildProcess {
  mkdirSync(dirname(spec.log), { recursive: true });
  const size = statSync(spec.log, { throwIfNoEntry: false })?.size ?? 0;
  // One older log is kept beside it, so that two of them are all the disk a child's log takes between starts.
  if (size > limits.logBytesMax) renameSync(spec.log, `${spec.log}.1`);
  const log = openSync(spec.log, "a");
  try {
    const child = spawn(process.execPath, [...spec.args], {
      detached: true,
      env: { ...spec.env, ...lifelineEnvironment },
      stdio: ["ignore", "pipe", log, "pipe"],
    });
    child.stdio[3]?.on("error", () => {});
    child.on("error", () => {});
    return child;
  } finally {
    closeSync(log);
  }
}
