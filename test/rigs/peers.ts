import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { PeerOptions } from "./peer-process.ts";

export interface PeerProcess {
  readonly child: ChildProcess;
  /** The next line that has this field; rejects when the process ends first. */
  line(field: string): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

/** Starts a peer, behind `prefix` if given (`ip netns exec …`). */
export function startPeer(options: PeerOptions, prefix: readonly string[] = []): PeerProcess {
  const script = new URL("./peer-process.ts", import.meta.url).pathname;
  const [command = process.execPath, ...rest] = [
    ...prefix,
    process.execPath,
    script,
    JSON.stringify(options),
  ];
  const child = spawn(command, rest, { stdio: ["pipe", "pipe", "inherit"] });
  const lines: Array<Record<string, unknown>> = [];
  const waiting = new Set<() => void>();
  let ended = false;
  const wake = () => {
    for (const look of [...waiting]) look();
  };
  createInterface({ input: child.stdout }).on("line", (text) => {
    lines.push(JSON.parse(text) as Record<string, unknown>);
    wake();
  });
  const exited = new Promise<void>((resolve) =>
    child.once("close", () => {
      ended = true;
      wake();
      resolve();
    }),
  );
  return {
    child,
    line: (field) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const at = lines.findIndex((line) => field in line);
          if (at === -1 && !ended) return;
          waiting.delete(look);
          const [line] = at === -1 ? [] : lines.splice(at, 1);
          if (line === undefined) reject(new Error(`the peer ended without saying "${field}"`));
          else resolve(line);
        };
        waiting.add(look);
        look();
      }),
    async stop() {
      child.kill("SIGCONT");
      child.stdin?.end();
      child.kill("SIGKILL");
      await exited;
    },
  };
}
