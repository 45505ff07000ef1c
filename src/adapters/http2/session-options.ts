import type { Settings } from "node:http2";
import { limits } from "../../protocol/limits.ts";

/** Receive window of a connection, bytes. The default of 64 KiB makes a long prompt wait for 100 round trips. */
export const windowBytes = 4 * 1024 * 1024;

const settings: Settings = {
  enablePush: false,
  initialWindowSize: 1024 * 1024,
  maxConcurrentStreams: limits.streamsPerConnectionMax,
};

/** HTTP/2 settings of both ends. */
export const sessionOptions = {
  settings,
  /** Megabytes a session may hold (unsent data counts): two peers that do not read, and headers. */
  maxSessionMemory: 3 * Math.ceil(limits.unsentBytesMax / 1_000_000),
};
