import { afterAll, beforeAll, expect, test } from "vitest";
import { createLlamaEngine } from "../../src/adapters/llama/engine.ts";
import { cacheFolder } from "../../src/adapters/models/cache-folder.ts";
import { fetchDefaultModel } from "../../src/adapters/models/default-model.ts";
import type { TokenEngine } from "../../src/ports.ts";
import { type CheatedNetwork, startCheatedNetwork } from "../rigs/cheated-network.ts";
import { streamChat } from "../rigs/stream.ts";
import { serveVllmForm } from "../rigs/vllm-form.ts";

/** Two providers with the embedded engine and a third in front of a server in vLLM's form, all with one model. */

let behind: TokenEngine;
let server: Awaited<ReturnType<typeof serveVllmForm>>;
let network: CheatedNetwork;
const third = 2;

beforeAll(async () => {
  const { path: file, id: model } = await fetchDefaultModel({ cache: cacheFolder(process.env) });
  // One more than the window of the others' offers: with a smaller one it would get no jobs.
  const room = { model, name: "behind", contextTokens: 2049, slots: 1, threads: 1 };
  behind = await createLlamaEngine({ file, ...room, gpu: false });
  server = await serveVllmForm(behind);
  network = await startCheatedNetwork({ nodes: 3 });
  await network.serveFrom(third, ["--engine", "vllm", "--upstream", `${server.url},model=served`]);
});
afterAll(async () => {
  await network?.stop();
  server?.stop();
  await behind?.close();
});

test("it accepts honest answers and takes no part in proofs, and the answer says that it was never tried", async () => {
  const peer = network.peerOf(third);
  const roles = new Set<string>();
  for (let seed = 0; seed < 24 && !roles.has("witness"); seed += 1) {
    const { error, end, casts } = await streamChat(network.url, {
      model: "SmolLM2-135M-Instruct",
      messages: [{ role: "user", content: "Name three trees." }],
      ...{ max_tokens: 24, temperature: 0.7, seed, holdfast: { holdMs: 20_000, witnesses: 2 } },
    });
    expect(error).toBeUndefined();
    expect(end!.verdict).toBe("valid");
    const spoke = casts.some(({ executor }) => executor === peer);
    const took = spoke || end!.witnesses.includes(peer);
    const named = (end!.notChecked ?? []).some((each) => each.startsWith(`engine-unverified: `));
    if (took) expect(named).toBe(true);
    if (spoke) expect(end!.notChecked!.join()).toMatch(/no-fingerprint: /);
    if (took && !spoke) {
      expect(end!.basis, "the other two have fingerprints to compare").toBe("fingerprint");
      roles.add("witness");
    }
  }
  expect(roles).toContain("witness");
  const status = (await (await fetch(new URL("/holdfast/status", network.url))).json()) as {
    providers: Array<{ peer: string; offer: { unverified?: boolean } }>;
  };
  const unverified = status.providers.filter(({ offer }) => offer.unverified);
  expect(unverified.map((each) => each.peer)).toEqual([peer]);
});
