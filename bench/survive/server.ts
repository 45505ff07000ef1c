import { type ChildProcess, spawn } from "node:child_process";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { cleanEnvironment } from "../../test/rigs/command.ts";
import { guarded } from "../processes.ts";

export interface Server {
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a server that says nothing of itself; resolves once its port takes connections. */
export async function startServer(file: string, args: readonly string[], port: number): Promise<Server> {
  const child = spawn(file, [...args], { env: cleanEnvironment(), stdio: "ignore" });
  guarded(child.pid!);
  const deadline = performance.now() + startMsMax;
  while (!(await takesConnections(port))) {
    if (child.exitCode !== null) throw new Error(`${file} ended with ${child.exitCode}`);
    if (performance.now() > deadline) throw new Error(`${file} did not listen within ${startMsMax} ms`);
    await pause(200);
  }
  return { pid: child.pid!, stop: () => end(child) };
}

const startMsMax = 90_000;

/** Ends a process: asked first, killed after a moment. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), 3_000);
  await exit;
  clearTimeout(late);
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1")
      .once("connect", () => {
        socket.destroy();
        resolve(true);
      })
      .once("error", () => resolve(false));
  });
}
