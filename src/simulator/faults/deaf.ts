import type { Fault } from "./fault.ts";

/** A one-way partition: what is sent to it never arrives, while its own words still do. */
export const deaf: Fault = ({ network }, { peer }) => network.cut(peer, true, { direction: "in" });
