/**
 * A parent with three kinds of children, for process.test.ts: one that ends with its lifeline, one that does nothing
 * (and is stopped by the test), and a program that knows no lifeline. Prints their pids as one line of JSON.
 */
import { spawn } from "node:child_process";
import { createChildren } from "../../src/adapters/process/children.ts";
import { holdLifeline } from "../../src/adapters/process/lifeline.ts";

const [role = "parent", log = ""] = process.argv.slice(2);
const file = process.argv[1] ?? "";

if (role === "child") {
  holdLifeline(() => process.exit(0));
  process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
  setInterval(() => {}, 1_000);
} else if (role === "failing") {
  process.stderr.write("no such luck\n");
  process.exit(7);
} else {
  holdLifeline(() => process.exit(0));
  const children = createChildren();
  const one = children.start({ name: "one", args: [file, "child"], log, env: process.env });
  const two = children.start({ name: "two", args: [file, "child"], log, env: process.env });
  const failing = children.start({ name: "failing", args: [file, "failing"], log, env: process.env });
  const program = spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
  children.guard(program.pid ?? 0);
  await Promise.all([one.ready, two.ready]);
  const failure = await failing.ready.catch((error) => ({ code: error.code, facts: error.facts }));
  process.on("SIGTERM", async () => {
    program.kill();
    await children.stop();
    process.exit(0);
  });
  process.stdout.write(`${JSON.stringify({ pids: [one.pid, two.pid, program.pid], failure })}\n`);
}
