import type { Fault } from "./fault.ts";

/** Its connections are reset once; the node lives on and takes new ones. */
export const reset: Fault = ({ network }, { peer }) => network.reset(peer);
