import type { Fault } from "./fault.ts";

/** The control plane says that it is gone, and it is not. */
export const rumour: Fault = ({ marketplace }, { peer }) => marketplace.rumour(peer);
