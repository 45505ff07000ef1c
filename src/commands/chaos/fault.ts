import { isAlive } from "../../adapters/process/process-start.ts";
import { type Ailment, ailments, setAilment } from "../../adapters/synthetic/ailment.ts";
import type { Arena, ArenaNode } from "./arena.ts";
import { type Severance, severances } from "./cable.ts";

/** Ways for nodes to fail: by a signal, in the engine, and on the way to the gateway. */
export const faults = ["kill", "hang", ...ailments, ...severances] as const;
export type Fault = (typeof faults)[number];

/** What `all` stands for. Those who collude can make a falsehood pass, which is for a table of its own. */
export const everyFault = faults.filter((fault) => fault !== "collude");

export const needsSynthetic = (fault: Fault): fault is Ailment => ailments.some((one) => one === fault);
export const needsProxy = (fault: Fault): fault is Severance => severances.some((one) => one === fault);

/** Makes these nodes fail at one instant: nothing here waits. */
export function strike(fault: Fault, nodes: readonly ArenaNode[]): void {
  for (const node of nodes) {
    if (needsSynthetic(fault)) setAilment(node.home, fault);
    else if (needsProxy(fault)) node.cable?.sever(fault);
    else send(node, fault === "kill" ? "SIGKILL" : "SIGSTOP");
  }
}

/** Undoes it, whatever it was. Resolves once the nodes that were killed serve again. */
export async function mend(arena: Arena, nodes: readonly ArenaNode[], signal: AbortSignal): Promise<void> {
  const killed = nodes.filter(({ pid, start }) => !isAlive(pid, start));
  for (const node of nodes) {
    // First, since it cannot fail: whatever does afterwards must not leave a process stopped.
    if (!killed.includes(node)) send(node, "SIGCONT");
    node.cable?.sever(undefined);
    setAilment(node.home, undefined);
  }
  if (killed.length > 0) await arena.revive(killed, signal);
}

function send({ pid, start }: ArenaNode, signal: NodeJS.Signals): void {
  // Never another process that has the number now.
  if (isAlive(pid, start)) process.kill(pid, signal);
}
