import type { Fault } from "./fault.ts";

/** Its disk is full: nothing it seals is kept, and it can promise nothing that has to be on disk first. */
export const full: Fault = (_, { disk }) => disk.fill(true);
