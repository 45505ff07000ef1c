import type { Fault } from "./fault.ts";

/** A one-way partition: what it says never arrives, while it still hears. */
export const mute: Fault = ({ network }, { peer }) => network.cut(peer, true, { direction: "out" });
