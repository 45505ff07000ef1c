import { expect, test } from "vitest";
import { ask } from "../rigs/ask.ts";
import {
  expectWhole,
  gatewayOver,
  gatewayWith,
  standingOf,
  text,
  upstream,
} from "../rigs/upstream-gateway.ts";

const twice = { stream: true, temperature: 0, holdfast: { witnesses: 1 } };

test("two equal texts are delivered, with a verdict", async () => {
  const { url } = await gatewayWith({}, {});
  for (const stream of [true, false]) {
    const seen = await ask(url, { stream, temperature: 0, holdfast: { witnesses: 1 } });
    expect(seen).toMatchObject({
      status: 200,
      text,
      end: { verdict: "valid", basis: "text", attempts: 2 },
    });
  }
});

test("a third decides, and who differed is not blamed", async () => {
  const { url, first } = await gatewayWith({ text: "A lie." }, {}, {});
  const seen = await ask(url, { stream: true, temperature: 0 }, { headers: { "x-holdfast-witnesses": "1" } });
  expect(seen).toMatchObject({ text, end: { verdict: "valid", attempts: 3 } });
  expect(await standingOf(url, first)).toBe("good");
});

test("without two equal texts the end is an explicit error", async () => {
  const { url } = await gatewayWith({ text: "One." }, { text: "Two." }, { text: "Three." });
  const seen = await ask(url, { stream: true, temperature: 0, holdfast: { finality: "final" } });
  expect(seen).toMatchObject({ status: 502, error: { code: "no_agreement" } });
  const alone = await gatewayWith({});
  expect((await ask(alone.url, { seed: 1, holdfast: { witnesses: 1 } })).error.code).toBe("no_agreement");
});

test("finality needs a request that can be compared", async () => {
  const { url } = await gatewayWith({}, {});
  const seen = await ask(url, { temperature: 1, holdfast: { finality: "final" } });
  expect(seen).toMatchObject({ status: 400, error: { param: "holdfast.finality" } });
});

test("what two agree on leaves before they have come to their end", async () => {
  const { url } = await gatewayWith({ tokenMs: 30 }, { tokenMs: 30 });
  const body = { model: "known", messages: [{ role: "user", content: "Tell me." }], ...twice };
  const response = await fetch(`${url}/v1/chat/completions`, { method: "POST", body: JSON.stringify(body) });
  let raw = "";
  let before = "";
  for await (const piece of response.body!) {
    raw += Buffer.from(piece).toString();
    if (before === "" && raw.includes("The")) before = raw;
  }
  expect(before).not.toContain("away");
  expect(raw.endsWith("data: [DONE]\n\n")).toBe(true);
});

test("the first to speak is corrected in the middle by the two others, unseen", async () => {
  const { url } = await gatewayWith(
    { text: text.replace("jumps", "sleeps") },
    { tokenMs: 5 },
    { tokenMs: 5 },
  );
  const seen = await ask(url, twice);
  expectWhole(seen);
  expect(seen.end).toMatchObject({ verdict: "valid", attempts: 3 });
  expect(new Set(seen.parts.map(({ id }) => id)).size).toBe(1);
});

test.each(["reset", "cut", "garbage", "hang"] as const)(
  "one that ends in a %s in the middle is replaced, and two whole texts agree",
  async (kind) => {
    const { url } = await gatewayWith({ fault: { kind, after: 5 }, tokenMs: 2 }, { tokenMs: 2 }, {});
    const seen = await ask(url, twice);
    expectWhole(seen);
    expect(seen.end).toMatchObject({ verdict: "valid", attempts: 3 });
  },
);

test("as many must agree as witnesses were asked for, beside the one who speaks", async () => {
  const rigs = [await upstream({ text: "A lie." })];
  for (let count = 0; count < 4; count++) rigs.push(await upstream());
  const urls = rigs.map((rig) => rig.url);
  const body = { stream: true, temperature: 0, holdfast: { witnesses: 3 } };
  const seen = await ask(await gatewayOver(urls), body);
  expectWhole(seen);
  const start = seen.parts.find((part) => part.holdfast?.witnesses)?.holdfast;
  expect(start.witnesses.length).toBe(3);
  const refused = await ask(await gatewayOver(urls.slice(0, 4)), body);
  expect(refused).toMatchObject({ done: false, finish: undefined, error: { code: "no_agreement" } });
});
