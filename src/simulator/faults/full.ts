import type { Fault } from "./fault.ts";

/** Its disk is full: nothing it seals is kept, and it cannot confirm what it would have to know after a restart. */
export const full: Fault = (_, { disk }) => disk.fill(true);
