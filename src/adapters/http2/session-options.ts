import type { Settings } from "node:http2";
import { limits } from "../../protocol/limits.ts";

const settings: Settings = {
  enablePush: false,
  initialWindowSize: limits.streamWindowBytes,
  maxConcurrentStreams: limits.streamsPerConnectionMax,
};

/** HTTP/2 settings of both ends. */
export const sessionOptions = {
  settings,
  /** Megabytes a session may hold (unsent data counts): two peers that do not read, and headers. */
  maxSessionMemory: 3 * Math.ceil(limits.unsentBytesMax / 1_000_000),
};
