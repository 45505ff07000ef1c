import { describe, expect, test } from "vitest";
import { type HoldfastOptions, parseHoldfastOptions } from "./holdfast-options.ts";

const defaults: HoldfastOptions = { finality: "stream", witnesses: 2, holdMs: 250 };

test("the prompt is in the receipt when the body or a header asks for it, and only then", () => {
  const header = { "x-holdfast-receipt-prompt": "true" };
  expect(parseHoldfastOptions({ holdfast: { receiptPrompt: true } }, {}, defaults)).toMatchObject({
    receiptPrompt: true,
  });
  expect(parseHoldfastOptions({}, header, defaults)).toMatchObject({ receiptPrompt: true });
  expect(parseHoldfastOptions({ holdfast: { receiptPrompt: false } }, header, defaults)).toEqual(defaults);
  const bad = parseHoldfastOptions({ holdfast: { receiptPrompt: "yes" } }, {}, defaults);
  expect(bad).toMatchObject({ status: 400, param: "holdfast.receiptPrompt" });
});

test("a committee is drawn when the body or a header asks for it, and only then", () => {
  const header = { "x-holdfast-committee": "drawn" };
  expect(parseHoldfastOptions({}, header, defaults)).toEqual({ ...defaults, committee: "drawn" });
  expect(parseHoldfastOptions({ holdfast: { committee: "client" } }, header, defaults)).toEqual(defaults);
  const bad = parseHoldfastOptions({ holdfast: { committee: "friends" } }, {}, defaults);
  expect(bad).toMatchObject({ status: 400, param: "holdfast.committee" });
});

describe("options of one request", () => {
  test("are the defaults when nothing is named", () => {
    expect(parseHoldfastOptions({}, {}, defaults)).toEqual(defaults);
    expect(parseHoldfastOptions({ holdfast: null }, {}, defaults)).toEqual(defaults);
  });

  test("come from the body, then from the headers", () => {
    const headers = {
      "x-holdfast-witnesses": "1",
      "x-holdfast-hold-ms": "10",
      "x-holdfast-finality": "final",
    };
    expect(parseHoldfastOptions({ holdfast: { witnesses: 3 } }, headers, defaults)).toEqual({
      finality: "final",
      witnesses: 3,
      holdMs: 10,
    });
  });

  test("have no witnesses where finality is none", () => {
    expect(
      parseHoldfastOptions({ holdfast: { finality: "none", witnesses: 2 } }, {}, defaults),
    ).toMatchObject({
      witnesses: 0,
    });
  });

  test.each([
    [{ holdfast: 3 }, {}, "holdfast"],
    [{ holdfast: [] }, {}, "holdfast"],
    [{ holdfast: { finality: "maybe" } }, {}, "holdfast.finality"],
    [{ holdfast: { witnesses: 1.5 } }, {}, "holdfast.witnesses"],
    [{ holdfast: { witnesses: "2" } }, {}, "holdfast.witnesses"],
    [{ holdfast: { witnesses: 1e9 } }, {}, "holdfast.witnesses"],
    [{ holdfast: { holdMs: -1 } }, {}, "holdfast.holdMs"],
    [{ holdfast: { hold: 1 } }, {}, "holdfast.hold"],
    [{}, { "x-holdfast-witnesses": "many" }, "x-holdfast-witnesses"],
    [{}, { "x-holdfast-hold-ms": "1e9" }, "x-holdfast-hold-ms"],
    [{}, { "x-holdfast-witness": "1" }, "x-holdfast-witness"],
  ])("refuse %j %j naming %s", (body, headers, param) => {
    expect(parseHoldfastOptions(body, headers, defaults)).toMatchObject({ status: 400, param });
  });
});
