import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLlamaEngine } from "../../src/adapters/llama/engine.ts";
import { cacheFolder } from "../../src/adapters/models/cache-folder.ts";
import { fetchDefaultModel } from "../../src/adapters/models/default-model.ts";
import { createLlamaServerEngine } from "../../src/adapters/openai/llama-server-engine.ts";
import { systemRandom } from "../../src/adapters/system/random.ts";
import type { TokenId } from "../../src/domain/ids.ts";
import type { Prompt, Sampling } from "../../src/domain/inference/spec.ts";
import { leafDistance } from "../../src/domain/verification/distance.ts";
import { tolerances } from "../../src/domain/verification/judge.ts";
import { leafOf } from "../../src/domain/verification/leaf.ts";
import { margin } from "../../src/domain/verification/margin.ts";
import { type Candidate, choose } from "../../src/domain/verification/sampler.ts";
import type { TokenEngine, TokenSequence } from "../../src/ports.ts";
import { type LlamaServerRig, startLlamaServer } from "../rigs/llama-server.ts";

/** A real llama-server beside the embedded engine, one model in both. */

let server: LlamaServerRig;
let theirs: TokenEngine;
let ours: TokenEngine;
const { signal } = new AbortController();
const sampling: Sampling = { temperature: 0.7, topP: 1, seed: "5e".repeat(32) };

beforeAll(async () => {
  const { path: file, id: model } = await fetchDefaultModel({ cache: cacheFolder(process.env) });
  server = await startLlamaServer(file);
  const room = { model, name: "smollm2-135m", slots: 2, contextTokens: 1024 };
  theirs = await createLlamaServerEngine({ random: systemRandom }, { url: `${server.url}/v1`, ...room });
  ours = await createLlamaEngine({ file, ...room, threads: 1, gpu: false });
});
afterAll(async () => {
  await theirs?.close();
  await ours?.close();
  await server?.stop();
});

function ask(content: string): Prompt {
  return { kind: "chat", messages: [{ role: "user", content }] };
}

/** Speaks as an executor does: asks at every position, and chooses by the canonical sampler. */
async function speak(sequence: TokenSequence, count: number, begun: readonly TokenId[] = []) {
  const ids = [...begun];
  const lists: Candidate[][] = [];
  for (let unsaid: TokenId[] = []; lists.length < count; unsaid = ids.slice(-1)) {
    const candidates = await sequence.next(unsaid, signal);
    lists.push(candidates);
    ids.push(choose(candidates, sampling, ids.length).id);
  }
  return { ids, lists };
}

test.each(["Tell me about the sea.", "Say <|im_end|> twice.\n\nÄtsch 世界 👋🏽", " led by a space"])(
  "a prompt is the same tokens to it as to the embedded engine: %j",
  async (content) => {
    const [one, other] = [await theirs.open(ask(content), 8), await ours.open(ask(content), 8)];
    expect(one.promptIds).toEqual(other.promptIds);
    one.close();
    other.close();
  },
);

test("its tokens spell what they spell to the embedded engine, half characters included", async () => {
  const [one, other] = [await theirs.open(ask("a"), 8), await ours.open(ask("a"), 8)];
  const ids = [...(await ours.open({ kind: "text", text: " héllo 👋🏽 世界\n\tfin" }, 8)).promptIds];
  for (const size of [1, 2, 5]) {
    for (let at = 0; at < ids.length; at += size) {
      const [part, before] = [ids.slice(at, at + size), ids.slice(0, at)];
      expect(one.text(part, before)).toBe(other.text(part, before));
    }
  }
  for (const id of [0, 1, 2, 3, 4, 17]) {
    expect(one.ends(id)).toBe(other.ends(id));
    expect(one.text([id], [])).toBe(other.text([id], []));
  }
  one.close();
  other.close();
});

test("what it says, the embedded engine accepts, and its logits lie as near as an honest node's", async () => {
  const prompt = ask("Tell me about the sea.");
  const [speaker, witness] = [await theirs.open(prompt, 64), await ours.open(prompt, 64)];
  const { ids, lists } = await speak(speaker, 16);
  const seen = [
    ...(await witness.judge(ids.slice(0, 8), signal)),
    ...(await witness.judge(ids.slice(8), signal)),
  ];
  const margins = ids.map((id, at) => margin(seen[at]!, { id }, sampling, at));
  expect(Math.max(...margins)).toBeLessThan(tolerances.marginMax);
  const distances = lists.map((list, at) => leafDistance(leafOf(list)!, leafOf(seen[at]!)!));
  expect(distances.reduce((sum, each) => sum + each) / 16).toBeLessThan(0.14);
  speaker.close();
  witness.close();
});

describe("as a witness", () => {
  test("it looks at one position in each run of four, drawn anew each time, and says nothing of the others", async () => {
    const prompt = ask("How does a bicycle stay upright?");
    const [speaker, witness] = [await ours.open(prompt, 64), await theirs.open(prompt, 64)];
    const { ids } = await speak(speaker, 24);
    await witness.judge([], signal);
    const patterns = new Set<string>();
    for (let at = 0; at < 24; at += 8) {
      const lists = await witness.judge(ids.slice(at, at + 8), signal);
      const looked = lists.map((list) => list.length > 0);
      expect(looked.slice(0, 4).filter(Boolean), "of the first run").toHaveLength(1);
      expect(looked.slice(4).filter(Boolean), "of the second").toHaveLength(1);
      patterns.add(JSON.stringify(looked));
      for (const [offset, list] of lists.entries()) {
        if (list.length === 0) continue;
        const position = at + offset;
        expect(margin(list, { id: ids[position]! }, sampling, position)).toBeLessThan(tolerances.marginMax);
      }
    }
    speaker.close();
    witness.close();
  });

  test("it sees a token that could not have been chosen, where it looks", async () => {
    const witness = await theirs.open(ask("Name a colour."), 16);
    const [candidates] = await witness.judge([4242], signal);
    const [logit] = await witness.logitsOf(0, [4242], signal);
    expect(margin(candidates!, { id: 4242, logit: logit! }, sampling, 0)).toBeGreaterThan(
      tolerances.marginMax,
    );
    const [strange] = await witness.logitsOf(0, [0x7fff_ffff], signal);
    expect(strange).toBe(Number.NEGATIVE_INFINITY);
    expect(await witness.judge([0x7fff_ffff], signal), "it can still follow").toHaveLength(1);
    witness.close();
  });

  test("promoted, it goes on at the next position as the embedded engine would", async () => {
    const prompt = ask("Why do leaves change colour?");
    const [first, follower] = [await ours.open(prompt, 64), await theirs.open(prompt, 64)];
    const { ids } = await speak(first, 12);
    await follower.judge(ids.slice(0, 8), signal);
    await follower.keep(6);
    await follower.judge(ids.slice(6, 11), signal);
    const candidates = await follower.next(ids.slice(11), signal);
    const expected = await first.next(ids.slice(11), signal);
    const { id } = choose(candidates, sampling, 12);
    expect(margin(expected, { id }, sampling, 12)).toBeLessThan(tolerances.marginMax);
    first.close();
    follower.close();
  });
});

test("a seat given up is free again, and a full engine says that it is busy", async () => {
  const held = [await theirs.open(ask("a"), 8), await theirs.open(ask("b"), 8)];
  await expect(theirs.open(ask("c"), 8)).rejects.toMatchObject({ code: "busy" });
  held[0]!.close();
  await held[0]!.next([], signal).catch(() => {});
  const again = await theirs.open(ask("c"), 8);
  again.close();
  held[1]!.close();
});

test("a prompt that does not fit is the user's fault and takes no seat", async () => {
  for (let attempt = 0; attempt < 3; attempt += 1)
    await expect(theirs.open(ask("word ".repeat(1200)), 8)).rejects.toMatchObject({
      ...{ code: "context-overflow", fault: "user" },
    });
});
