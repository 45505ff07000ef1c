import type { Fault } from "./fault.ts";

/** The process is gone (SIGKILL): its sockets close, and all it knew but its disk is lost. */
export const kill: Fault = (_, node) => node.kill();
