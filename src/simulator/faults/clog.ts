import type { Fault } from "./fault.ts";

/** Its line is clogged: everything to and from it takes thirty times longer. */
export const clog: Fault = ({ network }, { peer }) => network.clog(peer, 30);
