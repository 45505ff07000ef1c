import type { Fault } from "./fault.ts";

/** The engine stands still behind live sockets: connections are taken and pings answered, and no word comes. */
export const stall: Fault = (_, { traits }) => {
  traits.stalled = true;
};
