import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { guarded } from "../processes.ts";
import type { Fault, UpstreamManner } from "./upstream-process.ts";

/** One upstream's process, which can be hurt. */
export interface UpstreamProcess {
  readonly url: string;
  readonly pid: number;
  say(fault: Fault | undefined): void;
  signal(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void;
  stop(): Promise<void>;
}

export async function startUpstream(
  manner: Omit<UpstreamManner, "port">,
  port = 0,
): Promise<UpstreamProcess> {
  const child = spawn(process.execPath, [main, "upstream", JSON.stringify({ ...manner, port })], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  guarded(child.pid!);
  child.stdin.on("error", () => {});
  const taken = await firstLine(child);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    url: `http://127.0.0.1:${(JSON.parse(taken) as { port: number }).port}/v1`,
    pid: child.pid!,
    say: (fault) => void child.stdin.write(`${JSON.stringify({ fault })}\n`),
    signal: (signal) => void child.kill(signal),
    async stop() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

const main = new URL("main.ts", import.meta.url).pathname;

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout! }).once("line", resolve);
    child.once("exit", (code, signal) => reject(new Error(`an upstream ended (${signal ?? code})`)));
  });
}
