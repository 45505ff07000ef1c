import type { Fault } from "./fault.ts";

/** What it sends is no longer the protocol. */
export const garbage: Fault = ({ network }, { peer }) => network.garble(peer, true);
