import { describe, expect, test } from "vitest";
import { startUpstreamGateway } from "../../src/commands/upstream-gateway.ts";
import { ask, type Seen, silentLog } from "../rigs/ask.ts";
import { until } from "../rigs/until.ts";
import type { Behaviour, Fault, UpstreamRig } from "../rigs/upstream.ts";
import {
  expectWhole,
  gatewayOver,
  gatewayWith,
  providersOf,
  standingOf,
  text,
  upstream,
} from "../rigs/upstream-gateway.ts";

const beforeContent: Array<[string, Partial<Behaviour>]> = [
  ["status 500", { status: 500 }],
  ["status 503", { status: 503 }],
  ["status 429", { status: 429, headers: { "retry-after": "2" } }],
  ["a wrong key", { status: 401 }],
  ["a redirect", { status: 302, headers: { location: "http://127.0.0.1:9/v1" } }],
  ["a page that is no API", { status: 404, errorBody: "<html>nginx</html>" }],
  ...(
    ["reset", "cut", "garbage", "error-event", "done-without-finish", "half-character", "hang"] as const
  ).map((kind): [string, Partial<Behaviour>] => [`${kind} after the role`, { fault: { kind, after: 0 } }]),
];

describe("before the first content", () => {
  test.each(beforeContent)("%s is made good by another upstream, unseen", async (_, fault) => {
    const { url, first, others } = await gatewayWith(fault, {});
    const seen = await ask(url, { stream: true });
    expectWhole(seen);
    expect(seen.end).toMatchObject({ switches: 0, attempts: 2 });
    expect(first.requests.length).toBe(1);
    expect(others[0]!.requests.length).toBe(1);
    // The preamble of the one that failed was not passed on.
    expect(seen.parts.filter((part) => part.choices[0].delta.role !== undefined).length).toBe(1);
  });

  test.each([
    ...beforeContent.slice(0, 6),
    ...(["reset", "cut", "garbage"] as const).map((kind): [string, Partial<Behaviour>] => [
      `a body with ${kind}`,
      { fault: { kind, after: 0 } },
    ]),
  ])("%s is made good without streaming", async (_, fault) => {
    const { url } = await gatewayWith(fault, {});
    expect(await ask(url)).toMatchObject({ status: 200, text, finish: "stop", end: { attempts: 2 } });
  });

  test("nobody listening is made good", async () => {
    const gone = await upstream();
    await gone.close();
    const live = await upstream();
    const url = await gatewayOver([live.url, gone.url]);
    expectWhole(await ask(url, { stream: true }));
    expectWhole(await ask(url, { stream: true }));
  });

  test("the application's own mistake is passed on as it is and held against nobody", async () => {
    const errorBody =
      '{"error":{"message":"bad temperature","type":"invalid_request_error","param":"temperature","code":null}, "big":12345678901234567890}';
    for (const status of [400, 413, 422]) {
      const { url, others } = await gatewayWith({ status, errorBody }, {});
      const seen = await ask(url, { stream: true });
      expect(seen.status).toBe(status);
      expect(seen.raw).toBe(errorBody);
      expect(others[0]!.requests.length).toBe(0);
      expect((await providersOf(url)).map(({ standing }) => standing)).toEqual(["good", "good"]);
    }
  });

  test("a model that one upstream does not have is asked of the others, and refused when none has it", async () => {
    const [without, other] = [await upstream({ picky: true }), await upstream({ picky: true })];
    const url = await gatewayOver([other.url, without.url]);
    const neither = await ask(url, { model: "unheard-of", stream: true });
    expect(neither).toMatchObject({ status: 404, error: { message: "no" } });
    // It was listed, and is not there any more.
    without.be({ models: [] });
    for (let round = 0; round < 3; round++) expectWhole(await ask(url, { stream: true }));
    expect(without.requests.filter(({ body }) => body.model === "known").length).toBe(1);
    expect((await providersOf(url)).map(({ standing }) => standing)).toEqual(["good", "good"]);
  });

  test("when all fail the error names every cause, and no key", async () => {
    const { url } = await gatewayWith({ status: 500 }, { status: 401 }, { fault: { kind: "cut", after: 0 } });
    const seen = await ask(url, { stream: true });
    expect(seen.status).toBe(502);
    expect(seen.error).toMatchObject({ type: "server_error", code: "upstreams_failed" });
    for (const cause of ["status 500", "misconfigured (status 401)", "cut"])
      expect(seen.error.message).toContain(cause);
  });

  test("when all are busy the application is told when to come back", async () => {
    const { url } = await gatewayWith(
      { status: 429, headers: { "retry-after": "47" } },
      { status: 429, headers: { "retry-after": "43" } },
    );
    const seen = await ask(url);
    expect(seen.status).toBe(503);
    expect(seen.headers.get("retry-after")).toBe("43");
    expect(seen.error.code).toBe("upstreams_busy");
    // Nobody is asked again before that.
    const later = await ask(url);
    expect(later).toMatchObject({ status: 429, error: { code: "busy" } });
    expect(Number(later.headers.get("retry-after"))).toBeGreaterThan(40);
  });

  test("a short pause that all of them ask for is waited out", async () => {
    const rig = await upstream({ status: 429, headers: { "retry-after": "1" } });
    const url = await gatewayOver([rig.url]);
    const answer = ask(url, { stream: true });
    await until(() => rig.requests.length === 1, 2000, "it was asked");
    rig.be({ status: undefined });
    expectWhole(await answer);
    expect(rig.requests.length).toBe(2);
  });

  test("one deadline holds for all attempts together", async () => {
    const rig = await upstream({ fault: { kind: "hang", after: 0 } });
    const url = await gatewayOver([rig.url], { deadlineMs: 300 });
    expect((await ask(url, { stream: true })).error.code).toBe("deadline_exceeded");
    expect((await ask(url)).error.code).toBe("deadline_exceeded");
    await until(() => rig.hungUp === 2, 2000, "both were given up");
  });
});

const afterContent: Fault["kind"][] = [
  "reset",
  "cut",
  "done-without-finish",
  "garbage",
  "error-event",
  "half-character",
  "hang",
];

describe("after content", () => {
  for (const prefill of ["flags", "plain", "echoed"] as const) {
    test.each(afterContent)(`%s is continued by prefill (${prefill})`, async (kind) => {
      const { url, others } = await gatewayWith({ fault: { kind, after: 5 }, tokenMs: 2 }, { prefill });
      const seen = await ask(url, { stream: true });
      expectWhole(seen);
      expect(seen.end).toMatchObject({ switches: 1 });
      expect(seen.executors.length).toBe(2);
      expect(new Set(seen.parts.map(({ id }) => id)).size).toBe(1);
      const { messages } = others[0]!.requests.at(-1)!.body;
      const prefix = messages.at(-1);
      expect(prefix.role).toBe("assistant");
      expect(text.startsWith(prefix.content)).toBe(true);
    });
  }

  test.each(afterContent)(
    "%s of a deterministic answer is replayed where prefill is refused",
    async (kind) => {
      const { url } = await gatewayWith({ fault: { kind, after: 5 } }, { prefill: "refused" });
      expectWhole(await ask(url, { stream: true, temperature: 0 }));
    },
  );

  test("a text completion goes on after its prompt", async () => {
    const { url, others } = await gatewayWith({ fault: { kind: "reset", after: 5 } }, {});
    const body = JSON.stringify({ model: "known", prompt: "Tell|", stream: true, max_tokens: 20 });
    expectWhole(await ask(url, body, { path: "completions" }));
    expect(others[0]!.requests[0]!.body).toMatchObject({
      prompt: "Tell|The quick brown fox",
      max_tokens: 16,
    });
  });

  test("nine upstreams that each refuse one way of going on leave a way", async () => {
    const plain: Partial<Behaviour> = { prefill: "plain" };
    const { url } = await gatewayWith({ fault: { kind: "cut", after: 7 } }, ...Array(9).fill(plain));
    const seen = await ask(url, { stream: true });
    expectWhole(seen);
    // Whom the question reached is asked the other way, rather than the next one the same way.
    expect(seen.end).toMatchObject({ switches: 1, attempts: 3 });
  });

  test("several breaks in a row are continued, and the only upstream may go on with itself", async () => {
    const { url } = await gatewayWith({ fault: { kind: "cut", after: 6 } });
    const seen = await ask(url, { stream: true });
    // Twice six tokens, then the tries with this upstream are spent.
    expect(text.startsWith(seen.text)).toBe(true);
    expect(seen.text.length).toBeGreaterThan("The quick brown fox jumps over".length);
    expect(seen.done).toBe(false);
    expect(seen.error.code).toBe("answer_interrupted");
  });

  const unsafe: Array<[string, object, Partial<Behaviour>]> = [
    [
      "a tool call under way",
      {},
      { delta: { at: 3, value: { tool_calls: [{ index: 0, function: { arguments: "{" } }] } } },
    ],
    ["reasoning", {}, { delta: { at: 0, value: { reasoning_content: "hm" } } }],
    ["several answers", { n: 2 }, {}],
    ["log probabilities", { logprobs: true }, {}],
    ["hidden reasoning", { reasoning_effort: "high" }, {}],
  ];

  test.each(unsafe)("%s ends in an explicit error that names how much stands", async (_, body, behaviour) => {
    const { url, others } = await gatewayWith({ ...behaviour, fault: { kind: "cut", after: 5 } }, behaviour);
    const seen = await ask(url, { stream: true, temperature: 0, ...body });
    expect(seen).toMatchObject({ status: 200, done: false, finish: undefined });
    expect(seen.error).toMatchObject({ type: "server_error", code: "answer_interrupted", param: null });
    expect(seen.error.message).toContain(`after ${seen.text.length} characters`);
    expect(seen.text).not.toContain("lazy");
    expect(others[0]!.requests.length).toBe(0);
  });

  test.each(["ignored", "refused"] as const)(
    "a sampled answer is never spliced onto an upstream whose prefill is %s",
    async (prefill) => {
      const other = "Another story altogether, about a cat that sleeps all day on the warm roof.";
      const { url } = await gatewayWith(
        { fault: { kind: "reset", after: 7 }, prefill: "refused" },
        { prefill, text: other },
      );
      const seen = await ask(url, { stream: true });
      expect(seen.text).toBe("The quick brown fox jumps over the");
      expect(seen).toMatchObject({ done: false, finish: undefined, error: { code: "answer_interrupted" } });
    },
  );

  test("a replay that tells another story is dropped, whatever its seed promised", async () => {
    const { url } = await gatewayWith(
      { fault: { kind: "cut", after: 7 }, prefill: "refused" },
      { prefill: "refused", text: "The quick brown cat sleeps all day on the warm roof of the house." },
    );
    const seen = await ask(url, { stream: true, seed: 7 });
    expect(seen.text).toBe("The quick brown fox jumps over the");
    expect(seen.error.code).toBe("answer_interrupted");
  });

  test("what was learnt of prefill is not asked again", async () => {
    const { url, first, others } = await gatewayWith(
      { fault: { kind: "cut", after: 5 } },
      { prefill: "plain" },
    );
    const other = others[0]!;
    for (let round = 0; round < 2; round++) {
      first.be({ fault: { kind: "cut", after: 5 } });
      expectWhole(await ask(url, { stream: true }));
      await until(
        async () => (await standingOf(url, first)) !== "quarantined",
        9000,
        "the quarantine is over",
      );
    }
    expect(other.requests.filter(({ body }) => body.continue_final_message === true).length).toBe(1);
  });
});

describe("health", () => {
  test("a speaker that crawls is relieved in the middle of its answer", async () => {
    const { url, first } = await gatewayWith({ tokenMs: 3 }, { tokenMs: 3 });
    for (let request = 0; request < 4; request++) expectWhole(await ask(url, { stream: true }));
    first.be({ tokenMs: 300 });
    const seen = [await ask(url, { stream: true }), await ask(url, { stream: true })];
    seen.forEach(expectWhole);
    expect(seen.map(({ end }) => end.switches).sort()).toEqual([0, 1]);
    expect(await standingOf(url, first)).not.toBe("good");
  });

  test("an upstream that breaks every stream is left alone, and comes back when it ends one well", async () => {
    const { url, first, others } = await gatewayWith({ fault: { kind: "cut", after: 3 } }, {});
    for (let request = 0; request < 10; request++) expectWhole(await ask(url, { stream: true }));
    expect(first.requests.length).toBe(1);
    first.be({ fault: undefined });
    await until(async () => (await standingOf(url, first)) === "probation", 5000, "it is on probation");
    const before = others[0]!.requests.length;
    expectWhole(await ask(url, { stream: true }));
    expect(others[0]!.requests.length).toBe(before);
    expect(await standingOf(url, first)).toBe("good");
  });

  test("the last upstream is never locked out", async () => {
    const rig = await upstream({ status: 500 });
    const url = await gatewayOver([rig.url]);
    expect((await ask(url)).status).toBe(502);
    rig.be({ status: undefined });
    expect((await ask(url)).status).toBe(200);
  });
});

describe("keys and fields", () => {
  test("each upstream gets its own key, and nobody the application's", async () => {
    const [a, b, c] = [
      await upstream({ status: 500 }),
      await upstream({ status: 307, headers: {} }),
      await upstream(),
    ];
    b.be({ headers: { location: c.url } });
    const url = await gatewayOver([`${a.url},key=env:KEY_A`, `${b.url},key=env:KEY_B`, c.url], {
      environment: { KEY_A: "sk-a", KEY_B: "sk-b" },
    });
    const headers = { authorization: "Bearer sk-app", "x-api-key": "sk-app", cookie: "sk-app" };
    for (let i = 0; i < 6; i++) expectWhole(await ask(url, { stream: true }, { headers }));
    const wire = (rig: UpstreamRig) =>
      JSON.stringify(rig.requests.map((request) => [request.headers, request.raw]));
    expect(a.requests.length * b.requests.length * c.requests.length).toBeGreaterThan(0);
    expect(a.requests.every(({ headers: { authorization } }) => authorization === "Bearer sk-a")).toBe(true);
    expect(b.requests.every(({ headers: { authorization } }) => authorization === "Bearer sk-b")).toBe(true);
    expect(wire(a)).not.toMatch(/sk-(b|app)/);
    expect(wire(b)).not.toMatch(/sk-(a|app)/);
    expect(wire(c)).not.toContain("sk-");
  });

  test("the application's Authorization goes on only where that was asked for", async () => {
    const rig = await upstream();
    const url = await gatewayOver([`${rig.url},forward-auth`]);
    await ask(url, {}, { headers: { authorization: "Bearer sk-app" } });
    expect(rig.requests[0]!.headers.authorization).toBe("Bearer sk-app");
  });

  test("the request goes through byte for byte, but for model and holdfast", async () => {
    const [plain, mapped] = [await upstream(), await upstream()];
    const body =
      '{ "model":"known","messages":[{"role":"user","content":"é\\ud83d"}],"big": 12345678901234567890, "x":{"model":1e400} }';
    await ask(await gatewayOver([plain.url]), body);
    expect(plain.requests[0]!.raw).toBe(body);
    const url = await gatewayOver([`${mapped.url},model=their-name`]);
    await ask(url, body.replace("{ ", '{ "holdfast":{"holdMs":1},'));
    expect(mapped.requests[0]!.raw).toBe(
      body
        .replace("{ ", "{")
        .replace('"known"', '"their-name"')
        .replace(', "x"', ',"x"')
        .replace("} }", "}}"),
    );
    expect(mapped.requests[0]!.headers["transfer-encoding"]).toBeUndefined();
  });

  test("the answer comes through byte for byte, but for holdfast", async () => {
    const rig = await upstream({
      extra: '"service_tier":"gold","big":12345678901234567890,"holdfast":{"fake":1},',
    });
    const url = await gatewayOver([rig.url]);
    for (const stream of [false, true]) {
      const seen = await ask(url, { stream });
      expect(seen.raw.match(/"service_tier":"gold","big":12345678901234567890/g)?.length).toBe(
        stream ? 17 : 1,
      );
      expect(seen.end).toMatchObject({
        finality: "stream",
        verdict: "inconclusive",
        switches: 0,
        attempts: 1,
      });
    }
  });
});

/** Three of ten fail at one instant, with fifty streams in flight, and stay that way. */
const fates: Array<[string, (rig: UpstreamRig) => void | Promise<void>]> = [
  ["are killed", (rig) => rig.close()],
  ["reset every stream half-way", (rig) => rig.be({ fault: { kind: "reset", after: 7 } })],
  ["cut every stream half-way", (rig) => rig.be({ fault: { kind: "cut", after: 7 } })],
  ["hang half-way", (rig) => rig.be({ fault: { kind: "hang", after: 7 } })],
];

test.each(fates)("three of ten upstreams %s: every answer is whole", async (_, befall) => {
  const rigs: UpstreamRig[] = [];
  for (let index = 0; index < 10; index++) rigs.push(await upstream({ tokenMs: 8 }));
  const url = await gatewayOver(rigs.map((rig) => rig.url));
  const answers: Promise<Seen>[] = [];
  const wave = (count: number) => {
    for (let index = 0; index < count; index++) answers.push(ask(url, { stream: true }));
  };
  wave(50);
  // Not so many each: on a busy machine some are asked once more, and those that seem slow less often.
  const asked = () => rigs.reduce((sum, rig) => sum + rig.requests.length, 0);
  await until(() => asked() >= 50, 15_000, "all of them are at work");
  await new Promise((resolve) => setTimeout(resolve, 40));
  for (const index of [0, 3, 6]) await befall(rigs[index]!);
  for (let later = 0; later < 5; later++) {
    wave(20);
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  const seen = await Promise.all(answers);
  expect(seen.filter((one) => one.text !== text || !one.done || one.finish !== "stop")).toEqual([]);
  expect(seen.length).toBe(150);
});

test("closing the gateway ends open streams in an explicit error", async () => {
  const rig = await upstream({ tokenMs: 30 });
  const gateway = await startUpstreamGateway({ log: silentLog }, { port: 0, upstreams: [rig.url] });
  const answer = ask(gateway.url, { stream: true });
  await until(() => rig.requests.length === 1, 2000, "it has begun");
  await new Promise((resolve) => setTimeout(resolve, 100));
  await gateway.close();
  const seen = await answer;
  expect(text.startsWith(seen.text)).toBe(true);
  expect(seen).toMatchObject({ done: false, finish: undefined, error: { code: "gateway_closing" } });
});
