/**
 * The guard: a process beside the children of `holdfast up` that outlives their parent by a moment, to end what cannot
 * end itself: children that are stopped, and programs that know nothing of the pipe (the chain).
 *
 * Descriptor 3 is a pipe from the parent. On it come lines `watch <pid> <start> <term|kill>` and `forget <pid>`; its
 * end means that the parent is gone. Descriptor 4, where there is one, is the parent's own lifeline: when that ends the
 * parent should be stopping, and is killed when it does not (it may be stopped itself).
 *
 * Small on purpose: it must be up before the first child is, and it shares the machine with them.
 */
import { Socket } from "node:net";
import { isAlive } from "./process-start.ts";

/** Time for children to end by themselves once their pipe has closed, ms. */
const graceMs = 400;
/** Time for the parent to stop everything in order once its own lifeline has ended, ms. */
const parentGraceMs = 1_000;

interface Watched {
  readonly start: string | undefined;
  /** "term": ask first (the chain then writes its state). "kill": it has noticed by itself, unless it is stuck. */
  readonly manner: "term" | "kill";
}

const watched = new Map<number, Watched>();
const parent = process.ppid;
let late = false;

function obey(line: string): void {
  const [verb, pid, start, manner] = line.split(" ");
  if (verb === "forget") watched.delete(Number(pid));
  if (verb === "watch") {
    watched.set(Number(pid), {
      start: start === "-" ? undefined : start,
      manner: manner === "term" ? "term" : "kill",
    });
  }
}

function send(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended meanwhile, which is what was wanted.
  }
}

function endAll(): void {
  const living = () => [...watched].filter(([pid, { start }]) => isAlive(pid, start));
  const left = living();
  for (const [pid, { manner }] of left) if (manner === "term") send(pid, "SIGTERM");
  setTimeout(
    () => {
      for (const [pid] of living()) send(pid, "SIGKILL");
      process.exit(0);
    },
    late || left.length === 0 ? 0 : graceMs,
  );
}

function onEnd(descriptor: number, onLine: (line: string) => void, ended: () => void): void {
  let rest = "";
  let over = false;
  const end = () => {
    if (!over) ended();
    over = true;
  };
  const pipe = new Socket({ fd: descriptor, readable: true, writable: false });
  pipe.setEncoding("utf8");
  pipe.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
  pipe.on("error", end).on("end", end).on("close", end);
}

// A terminal's Ctrl-C is the parent's to handle; the guard leaves last.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});

onEnd(3, obey, endAll);
if (process.argv[2] === "lifeline") {
  onEnd(
    4,
    () => {},
    () => {
      setTimeout(() => {
        late = true;
        send(parent, "SIGKILL");
      }, parentGraceMs);
    },
  );
}
