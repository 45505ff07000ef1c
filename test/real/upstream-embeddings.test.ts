import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type RunningGateway, startUpstreamGateway } from "../../src/commands/upstream-gateway.ts";
import { silentLog } from "../rigs/ask.ts";
import { type Behaviour, startUpstream, type UpstreamRig } from "../rigs/upstream.ts";

/** Vectors from plain upstreams, through the official client: passed on as they are, from whoever gives them whole. */
let rigs: UpstreamRig[];
let gateway: RunningGateway;
let client: OpenAI;

beforeAll(async () => {
  rigs = [await startUpstream(), await startUpstream()];
  const upstreams = rigs.map(({ url }) => url);
  gateway = await startUpstreamGateway({ log: silentLog }, { port: 0, upstreams });
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "unused", maxRetries: 0 });
});
beforeEach(() => {
  for (const rig of rigs) rig.be({ fault: undefined, status: undefined });
});
afterAll(async () => {
  await gateway.close();
  for (const rig of rigs) await rig.close();
});

const ask = (more: object = {}) =>
  client.embeddings.create({ model: "known", input: "a text", encoding_format: "float", ...more });
const received = () => rigs.flatMap(({ requests }) => requests);

describe("vectors over plain upstreams", () => {
  test("come as they are, with what is known of them", async () => {
    const answer = await ask();
    expect(answer.data[0]?.embedding).toEqual([0.25, -1.5]);
    expect(answer).toMatchObject({ holdfast: { verdict: "inconclusive", basis: "none", attempts: 1 } });
  });

  test("are asked for as the application wrote it, token ids and lengths included", async () => {
    const own = { input: [[1, 2, 3]], dimensions: 2, user: "someone" };
    await ask(own);
    const seen = { path: "/v1/embeddings", body: { model: "known", encoding_format: "float", ...own } };
    expect(received()).toContainEqual(expect.objectContaining(seen));
  });

  test.each<Partial<Behaviour>>([
    { status: 500 },
    { fault: { kind: "reset", after: 0 } },
    { fault: { kind: "cut", after: 0 } },
    { fault: { kind: "garbage", after: 0 } },
  ])("come from another when one fails: %o", async (failing) => {
    for (const rig of rigs) {
      rigs[0]!.be({ fault: undefined, status: undefined });
      rig.be(failing);
      expect((await ask()).data).toHaveLength(1);
      rig.be({ fault: undefined, status: undefined });
    }
  });

  test("are refused when nobody gives them, and where they cannot be what is asked", async () => {
    for (const rig of rigs) rig.be({ status: 500 });
    await expect(ask()).rejects.toMatchObject({ status: 502, code: "upstreams_failed" });
    await expect(ask({ stream: true })).rejects.toMatchObject({ status: 400, param: "stream" });
    await expect(ask({ holdfast: { finality: "final" } })).rejects.toMatchObject({ status: 400 });
  });
});
