import { expect, test } from "vitest";
import type { JobId, ModelId } from "../../domain/ids.ts";
import type { OpenOrder } from "../../protocol/attempt.ts";
import { limits } from "../../protocol/limits.ts";
import { createSimulatedEngine } from "../../simulator/engine.ts";
import { createTimeline } from "../../simulator/timeline.ts";
import { createReference } from "./reference-voice.ts";

const model = { id: `sha256:${"cd".repeat(32)}` as ModelId, slots: 1, contextTokens: 256 };
const open: OpenOrder = {
  ...{ t: "open", job: "ab".repeat(32) as JobId, model: model.id, prompt: { kind: "text", text: "one two" } },
  ...{ tokensDefault: 64, contextTokens: 256, holdMs: 250, deadlineMs: limits.deadlineMsMax },
  ...{ sampling: { temperature: 0, topP: 1, seed: "00".repeat(32) }, reference: true },
};
const { signal } = new AbortController();

/** An engine that is closed only when `closed` is called, well or not. */
function reference() {
  const timeline = createTimeline();
  const clock = timeline.clock();
  const traits = { stepMs: 10, judgeMsPerToken: 2, noise: 0, otherModel: false, stalled: false };
  const closings: Array<{ resolve: () => void; reject: (error: Error) => void }> = [];
  const said: string[] = [];
  const silent = () => {};
  const log = { debug: silent, info: silent, warn: silent, error: (event: string) => void said.push(event) };
  const openReference = createReference({
    ...{ clock, log },
    openReference: async () => ({
      ...createSimulatedEngine(clock, "node", traits, model),
      close: () => new Promise<void>((resolve, reject) => void closings.push({ resolve, reject })),
    }),
  });
  const ask = (order: Partial<OpenOrder> = {}) => openReference({ ...open, ...order }, signal);
  return { ask, closings, said, timeline };
}

const busy = { code: "busy", fault: "peer" };

test("the engine counts as free when it is closed, not before, and is closed once", async () => {
  const { ask, closings } = reference();
  const voice = await ask();
  await expect(ask()).rejects.toMatchObject(busy);
  voice.close();
  voice.close();
  await expect(ask()).rejects.toMatchObject(busy);
  expect(closings.length).toBe(1);
  closings[0]!.resolve();
  await new Promise(setImmediate);
  await expect(ask()).resolves.toBeDefined();
});

test("an engine that does not close well is told of, and does not hold up those who come after", async () => {
  const { ask, closings, said } = reference();
  (await ask()).close();
  closings[0]!.reject(new Error("not now"));
  await new Promise(setImmediate);
  expect(said).toEqual(["reference-not-closed"]);
  await expect(ask()).resolves.toBeDefined();
});

test("a job that cannot be begun gives the engine back", async () => {
  const { ask, closings } = reference();
  const refused = expect(ask({ model: `sha256:${"ef".repeat(32)}` as ModelId })).rejects.toMatchObject({
    code: "unknown-model",
  });
  await new Promise(setImmediate);
  closings[0]!.resolve();
  await refused;
  await expect(ask()).resolves.toBeDefined();
});

test("nobody holds it longer than a dispute takes", async () => {
  const { ask, closings, timeline } = reference();
  await ask();
  await timeline.run(limits.referenceMsMax - 1, () => false);
  expect(closings.length).toBe(0);
  await timeline.run(limits.referenceMsMax + 1, () => false);
  expect(closings.length).toBe(1);
});
