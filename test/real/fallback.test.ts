import { describe, expect, test } from "vitest";
import { ask } from "../rigs/ask.ts";
import { expectWhole, gatewayOver, text, upstream } from "../rigs/upstream-gateway.ts";

/** Resolves once the gateway has read who lists which model. */
const listed = (gateway: string) => fetch(`${gateway}/v1/models`).then((answer) => answer.json());

/** Models that stand in for one another: the next is used when nobody serves the one before it. */

describe("a request that names several models", () => {
  test("is answered by the first that anybody serves, which the answer names", async () => {
    const rig = await upstream({ models: ["second", "third"], picky: true });
    const gateway = await gatewayOver([rig.url]);
    for (const stream of [true, false]) {
      const seen = await ask(gateway, { model: "first", models: ["first", "second", "third"], stream });
      expect(seen).toMatchObject({ status: 200, text, end: { model: "second", insteadOf: ["first"] } });
    }
    expect(rig.requests.map(({ body }) => [body.model, body.models])).toEqual(
      ["first", "second", "first", "second"].map((model) => [model, undefined]),
    );
  });

  test("needs no `model` beside them", async () => {
    const rig = await upstream({ models: ["second"], picky: true });
    const body = { model: undefined, models: ["first", "second"], stream: true };
    const seen = await ask(await gatewayOver([rig.url]), body);
    expectWhole(seen);
    expect(seen.parts.find(({ holdfast }) => holdfast?.executor)?.holdfast).toMatchObject({
      model: "second",
    });
  });

  test("goes on to the next when all that serve the first are lost before they say anything", async () => {
    const [broken, whole] = [
      await upstream({ models: ["first"], picky: true, fault: { kind: "reset", after: 0 } }),
      await upstream({ models: ["second"], picky: true }),
    ];
    const gateway = await gatewayOver([broken.url, whole.url]);
    await listed(gateway);
    const seen = await ask(gateway, { models: ["first", "second"], model: undefined, stream: true });
    expectWhole(seen);
    expect(seen.end).toMatchObject({ model: "second", insteadOf: ["first"] });
  });

  test("never gets one model's words after another's", async () => {
    const delta = {
      at: 1,
      value: { tool_calls: [{ index: 0, id: "c", function: { name: "f", arguments: "{" } }] },
    };
    const rigs = [
      await upstream({ models: ["first"], picky: true, delta, fault: { kind: "cut", after: 4 } }),
      await upstream({ models: ["second"], picky: true }),
    ];
    const gateway = await gatewayOver(rigs.map(({ url }) => url));
    await listed(gateway);
    const seen = await ask(gateway, { models: ["first", "second"], model: undefined, stream: true });
    expect(seen).toMatchObject({ error: { code: "answer_interrupted" }, done: false });
    expect(rigs[1]!.requests.filter(({ body }) => body.model === "second")).toEqual([]);
  });

  test("is told of all of them when none can answer, and of mistakes in the first it makes", async () => {
    const gateway = await gatewayOver([(await upstream({ models: [], picky: true })).url]);
    const none = await ask(gateway, { models: ["first", "second"], model: undefined });
    expect(none).toMatchObject({ status: 404, error: { code: "model_not_found" } });
    expect(none.error.message).toMatch(/"first": .*"second": /);
    const wrong = await ask(gateway, { models: ["first", "second"], holdfast: { witnesses: -1 } });
    expect(wrong).toMatchObject({ status: 400, error: { param: "holdfast.witnesses" } });
  });

  test.each([[[]], [["first", ""]], ["first"], [Array.from({ length: 9 }, (_, at) => `${at}`)]])(
    "is refused when the list is %j",
    async (models) => {
      const gateway = await gatewayOver([(await upstream()).url]);
      const seen = await ask(gateway, { models, model: undefined });
      expect(seen).toMatchObject({ status: 400, error: { param: "models" } });
    },
  );
});

describe("a model with others configured in its place", () => {
  test("is replaced by them, unless the request says which it wants", async () => {
    const rig = await upstream({ models: ["second", "third"], picky: true });
    const gateway = await gatewayOver([rig.url], { fallbacks: { first: ["second"] } });
    const configured = await ask(gateway, { model: "first", stream: true });
    expectWhole(configured);
    expect(configured.end).toMatchObject({ model: "second", insteadOf: ["first"] });
    const own = await ask(gateway, { model: "first", models: ["third"], stream: true });
    expect(own.end).toMatchObject({ model: "third", insteadOf: ["first"] });
    expect((await ask(gateway, { model: "toString" })).status).toBe(404);
  });
});
