import type { Fault } from "./fault.ts";

/** The way to it swallows everything; gossip, which takes other ways, still brings its offers. */
export const cut: Fault = ({ network }, { peer }) => network.cut(peer, true);
