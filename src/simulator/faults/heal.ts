import type { Fault } from "./fault.ts";

/** Whatever ailed the node is over. One whose process was gone starts with nothing but its disk. */
export const heal: Fault = ({ network, marketplace }, node) => {
  Object.assign(node.traits, { stalled: false, slowBy: 1, broken: false });
  Object.assign(node.traits, { lies: false, colludes: false, lazy: false, otherModel: false });
  node.disk.fill(false);
  marketplace.isolate(node.peer, false);
  if (!node.isUp()) return node.start();
  network.revive(node.peer);
  node.hang(false);
};
