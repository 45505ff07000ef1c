import { afterAll, beforeAll, expect, test } from "vitest";
import { cacheFolder } from "../../src/adapters/models/cache-folder.ts";
import { fetchDefaultModel } from "../../src/adapters/models/default-model.ts";
import { type CheatedNetwork, startCheatedNetwork } from "../rigs/cheated-network.ts";
import { type LlamaServerRig, startLlamaServer } from "../rigs/llama-server.ts";
import { streamChat } from "../rigs/stream.ts";

/** Two providers with the embedded engine and a third in front of a real llama-server, all with one model. */

let server: LlamaServerRig;
let network: CheatedNetwork;
const [first, second, third] = [0, 1, 2] as const;
const question = [{ role: "user", content: "Tell a story about a lighthouse, with a beginning and an end." }];
const chat = { model: "SmolLM2-135M-Instruct", messages: question, max_tokens: 48 };

beforeAll(async () => {
  const model = await fetchDefaultModel({ cache: cacheFolder(process.env) });
  server = await startLlamaServer(model.path, 4);
  network = await startCheatedNetwork({ nodes: 3 });
  await network.serveFrom(third, ["--engine", "llama-server", "--upstream", server.url]);
});
afterAll(async () => {
  await network?.stop();
  await server?.stop();
});

/** Waits longer than a word takes, so that nothing leaves unjudged. */
const patient = { holdMs: 20_000, witnesses: 2 };

test("it accepts an honest answer, and the answer says who looked at some positions only", async () => {
  const peer = network.peerOf(third);
  for (let seed = 0; seed < 12; seed += 1) {
    const { error, end } = await streamChat(network.url, {
      ...chat,
      ...{ temperature: 0.7, seed, holdfast: patient },
    });
    expect(error).toBeUndefined();
    expect(end).toMatchObject({ verdict: "valid" });
    if (!end!.witnesses.includes(peer)) continue;
    // The other two have fingerprints to compare; it has none, and does not stand in their way.
    expect(end).toMatchObject({ basis: "fingerprint", sampled: [peer] });
    // Unless it said a part of it, when nothing is left.
    for (const each of end!.notChecked ?? []) expect(each).toMatch(/^(no-fingerprint|positions-between): /);
    return;
  }
  throw new Error("it was never a witness of a whole answer");
});

test("it speaks, the embedded engines accept, and the verdict rests on tokens alone", async () => {
  const peer = network.peerOf(third);
  for (let seed = 0; seed < 24; seed += 1) {
    const { error, end, casts } = await streamChat(network.url, {
      ...chat,
      ...{ max_tokens: 16, temperature: 0.7, seed, holdfast: patient },
    });
    expect(error).toBeUndefined();
    if (casts[0]!.executor !== peer || end!.switches > 0) continue;
    expect(end).toMatchObject({ verdict: "valid", basis: "tokens" });
    expect(end).not.toHaveProperty("sampled");
    expect(end!.notChecked).toEqual([expect.stringMatching(/^no-fingerprint: .*tokens 0 to /)]);
    return;
  }
  throw new Error("it was never asked to speak");
});

test("it speaks and follows in a form that was asked for", async () => {
  const peer = network.peerOf(third);
  const schema = {
    ...{ type: "object", required: ["name", "lit"], additionalProperties: false },
    properties: { name: { type: "string", maxLength: 12 }, lit: { type: "boolean" } },
  };
  const response_format = { type: "json_schema", json_schema: { name: "lighthouse", strict: true, schema } };
  const roles = new Set<string>();
  for (let seed = 0; seed < 24 && roles.size < 2; seed += 1) {
    const seen = await streamChat(network.url, {
      ...chat,
      ...{ response_format, temperature: 0.7, seed, holdfast: patient },
    });
    expect(seen).toMatchObject({ error: undefined, end: { verdict: "valid" } });
    // Not every answer comes to its end within 48 tokens.
    if (seen.finish === "length") continue;
    expect(JSON.parse(seen.text)).toMatchObject({ name: expect.any(String), lit: expect.any(Boolean) });
    if (seen.casts[0]!.executor === peer) roles.add("speaker");
    else if (seen.end!.witnesses.includes(peer)) roles.add("witness");
  }
  expect(roles.size, "both").toBe(2);
});

test("a provider that cheats is rejected by it, too, at the positions it drew", async () => {
  const [liar] = await network.bend({ [first]: "other-model" });
  const rejectedBy = () => network.events("chunk-rejected").map(({ peer }) => peer);
  const isCaught = () => network.events("attempt-ended").some((each) => each.outcome === "rejected");
  for (let seed = 0; seed < 60 && !(isCaught() && rejectedBy().includes(network.peerOf(third))); seed += 1) {
    const seen = await streamChat(network.url, {
      ...chat,
      ...{ max_tokens: 12, temperature: 0.7, seed, holdfast: patient },
    });
    // With three nodes nobody is left to settle a dispute: then there is an error rather than a doubtful word.
    if (seen.error === undefined) expect(seen.end).toMatchObject({ verdict: "valid" });
  }
  const ended = network.events("attempt-ended").filter(({ outcome }) => outcome === "rejected");
  expect(new Set(ended.map(({ peer }) => peer))).toEqual(new Set([liar]));
  expect(rejectedBy()).toContain(network.peerOf(third));
  await network.bend({});
});

test("promoted when the executor is killed, it goes on with the exact answer", async () => {
  // Who lied before would hardly be asked to speak.
  network.kill(first);
  for (let seed = 0; seed < 24; seed += 1) {
    let struck: string | undefined;
    const request = { ...chat, temperature: 0, seed, holdfast: { witnesses: 1 } };
    const seen = await streamChat(network.url, request, {
      onPiece(text, executor) {
        if (struck !== undefined || text.length < 40 || executor !== network.peerOf(second)) return;
        struck = executor;
        network.kill(second);
      },
    });
    if (struck === undefined) continue;
    expect(seen).toMatchObject({ done: true, error: undefined });
    expect(seen.casts.at(-1)!.executor, "it spoke on").toBe(network.peerOf(third));
    // The same words as by the server alone: nothing is repeated, and nothing left out.
    const alone = await streamChat(network.url, { ...request, holdfast: { finality: "none" } });
    expect(alone.end).toMatchObject({ executor: network.peerOf(third) });
    expect(seen.text).toBe(alone.text);
    return;
  }
  throw new Error("the other was never asked to speak");
});
