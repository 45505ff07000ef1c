import type { Fault } from "./fault.ts";

/** The process stands still (SIGSTOP): its sockets stay open, and nobody is told. */
export const hang: Fault = (_, node) => node.hang(true);
