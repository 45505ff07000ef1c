import { expect, test } from "vitest";
import type { JobId, ModelId, TokenId } from "../../domain/ids.ts";
import type { Chunk } from "../../domain/inference/chunk.ts";
import type { Clock, TokenEngine } from "../../ports.ts";
import type { OpenOrder } from "../../protocol/attempt.ts";
import { createAnswer } from "./answer.ts";
import { openTokenVoice } from "./token-voice.ts";

/** A window of eight tokens, three of them the prompt's: an answer has room for five. */
const promptIds: readonly TokenId[] = [1, 2, 3];
const contextTokens = 8;
const room = contextTokens - promptIds.length;
const says = 7;
const signal = new AbortController().signal;

/** Its model says the same token for ever, and its window holds what it holds: as llama.cpp's, it throws beyond. */
function createEngine(): TokenEngine {
  const read: TokenId[] = [];
  const take = (ids: readonly TokenId[]) => {
    if (promptIds.length + read.length + ids.length > contextTokens) throw new Error("past the window");
    read.push(...ids);
  };
  return {
    ...{ kind: "token", model: "sha256:00" as ModelId, name: "small", profile: "small" },
    ...{ contextTokens, slots: 1, close: async () => {} },
    open: async () => ({
      promptIds,
      async judge(ids) {
        take(ids);
        return ids.map(() => [{ id: says, logit: 0 }]);
      },
      async next(ids) {
        take(ids);
        return [{ id: says, logit: 0 }];
      },
      logitsOf: async (_, ids) => ids.map(() => Number.NEGATIVE_INFINITY),
      async keep(length) {
        read.length = Math.min(read.length, length);
      },
      text: (ids) => "a".repeat(ids.length),
      ends: () => false,
      close: () => {},
    }),
  };
}

async function follow() {
  const open: OpenOrder = {
    ...{ t: "open", job: "ab".repeat(32) as JobId, model: "sha256:00" as ModelId },
    ...{
      prompt: { kind: "text", text: "once" },
      tokensDefault: 512,
      contextTokens,
      holdMs: 250,
      deadlineMs: 1e6,
    },
    sampling: { temperature: 0, topP: 1, seed: "00".repeat(32) },
  };
  const voice = await openTokenVoice({ clock: { now: () => 0 } as Clock }, createEngine(), open, signal);
  const answer = createAnswer(open.job, voice.promptDigest);
  return {
    ...{ voice, answer },
    async hear(tokens: number, end?: Chunk["end"]) {
      const ids = Array<TokenId>(tokens).fill(says);
      const said = { start: answer.end, ids, text: "a".repeat(tokens), signature: "" };
      const chunk = end === undefined ? said : { ...said, end };
      const judgement = await voice.judge(answer, chunk, [], signal);
      answer.append(chunk);
      return judgement;
    },
  };
}

test("an answer that ends where the window does is accepted, and one that goes on from there is not", async () => {
  expect(await (await follow()).hear(room, "length")).toMatchObject({ accepted: true });
  expect(await (await follow()).hear(room)).toMatchObject({ accepted: false, reason: "end", at: room - 1 });
});

test("what goes past the window is rejected without a look, wherever it begins and however it ends", async () => {
  const { voice, answer, hear } = await follow();
  expect(await hear(room - 2)).toMatchObject({ accepted: true });
  expect(await hear(4)).toEqual({ accepted: false, margin: 0, reason: "end", at: room });
  expect(await hear(2, "length")).toEqual({ accepted: false, margin: 0, reason: "end", at: room + 2 });
  expect(await voice.speak(answer, () => false, signal), "nothing is left to say").toBeUndefined();
  answer.drop(room - 2);
  await voice.drop(room - 2);
  expect(await hear(2, "length"), "dropped, it is as if it had never been").toMatchObject({ accepted: true });
});
