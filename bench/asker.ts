import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A process of the bench's own that answers each line of JSON with one. It ends when nobody asks any more. */
export interface Asker {
  ask<Answer>(question: unknown): Promise<Answer>;
  stop(): Promise<void>;
}

export function startAsker(file: string): Asker {
  const child = spawn(process.execPath, [join(import.meta.dirname, file)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise<never>((_, reject) => {
    child.once("exit", (code, signal) => reject(new Error(`${file} ended (${signal ?? code})`)));
  });
  ended.catch(() => {});
  child.stdin.on("error", () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask<Answer>(question: unknown) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      const line = await Promise.race([lines.next(), ended]);
      if (line.done) throw new Error(`${file} says nothing any more`);
      return JSON.parse(line.value) as Answer;
    },
    async stop() {
      child.stdin.end();
      await ended.catch(() => {});
    },
  };
}

/** The other side: answers every line on standard input until it ends. */
export async function answerLines(answer: (question: unknown) => Promise<unknown>): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
  }
}
