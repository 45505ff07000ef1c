import { spawn } from "node:child_process";
import { join } from "node:path";
import { freePorts } from "../../src/adapters/process/free-ports.ts";
import { root } from "./command.ts";
import { pythonWith } from "./python.ts";

/** Its wheels carry llama.cpp's own HTTP server for plain processors. */
const server = "xllamacpp==2026.10.11549";

export interface LlamaServerRig {
  readonly url: string;
  stop(): Promise<void>;
}

/** A real llama-server over a model file, in a process of its own. */
export async function startLlamaServer(file: string, slots = 2): Promise<LlamaServerRig> {
  const python = await pythonWith(server);
  const [port] = await freePorts(1);
  const child = spawn(python, [join(root, "test/rigs/llama-server.py"), file, String(port), String(slots)], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (piece) => {
      if (String(piece).includes("ready")) resolve();
    });
    void ended.then(() => reject(new Error("llama-server ended instead of serving")));
  });
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      child.stdin.end();
      child.kill("SIGKILL");
      await ended;
    },
  };
}
