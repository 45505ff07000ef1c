import type { Clock, SpeakingEngine } from "../../ports.ts";
import type { OpenOrder } from "../../protocol/attempt.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { openTextVoice } from "./text-voice.ts";
import { openTokenVoice } from "./token-voice.ts";
import type { Voice } from "./voice.ts";

/** Begins work on a job with whichever of the engines serves its model. Throws HoldfastError `unknown-model`, or the engine's. */
export async function openVoice(
  ports: { readonly clock: Clock; readonly engines: readonly SpeakingEngine[] },
  open: OpenOrder,
  signal: AbortSignal,
): Promise<Voice> {
  const engine = ports.engines.find(({ model }) => model === open.model);
  if (engine === undefined) {
    throw new HoldfastError("this node does not serve that model", { code: "unknown-model", fault: "peer" });
  }
  return engine.kind === "token"
    ? openTokenVoice(ports, engine, open, signal)
    : openTextVoice(engine, open, signal);
}
