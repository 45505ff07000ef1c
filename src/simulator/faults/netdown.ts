import type { Fault } from "./fault.ts";

/** Its network interface is down: nothing passes on either plane. */
export const netdown: Fault = ({ network, marketplace }, { peer }) => {
  network.cut(peer, true);
  marketplace.isolate(peer, true);
};
