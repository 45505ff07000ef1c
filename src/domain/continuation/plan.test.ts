import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { holdAgainst, planFor, prefillBoundary } from "./plan.ts";
import { type Traits, traitsOf } from "./traits.ts";

const all: Traits = { deterministic: true, prefill: true, replay: true };
const sampled: Traits = { ...all, deterministic: false };

describe("going on with an answer elsewhere", () => {
  test("re-sends from a word boundary, without a trailing blank", () => {
    const said = "The capital of France is Par";
    expect(planFor(said, sampled, true)).toEqual({
      how: "prefill",
      prefix: "The capital of France is",
      overlap: " Par",
    });
    expect(planFor(said, all, true)).toMatchObject({ prefix: "The capital of", overlap: " France is Par" });
    expect(planFor("one two \n", sampled, true)).toMatchObject({ prefix: "one", overlap: " two \n" });
  });

  test("replays what is deterministic where prefill is not possible, and refuses the rest", () => {
    const said = "A long enough text that was sampled";
    expect(planFor(said, all, false)).toEqual({ how: "replay", prefix: "", overlap: said });
    expect(planFor(said, sampled, false)).toBeUndefined();
    expect(planFor(said, { ...sampled, prefill: false, replay: false }, true)).toBeUndefined();
  });

  test("cuts any text into prefix and overlap that are the whole, never inside a character", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1 }), fc.boolean(), (said, deterministic) => {
        const plan = planFor(said, { ...all, deterministic }, true);
        if (plan === undefined) return;
        expect(plan.prefix + plan.overlap).toBe(said);
        expect(plan.prefix.isWellFormed()).toBe(said.isWellFormed());
        if (plan.how === "prefill") expect(plan.prefix).not.toMatch(/\s$/);
      }),
    );
  });

  test("keeps a restart from passing for a continuation", () => {
    expect(prefillBoundary(" the the the", 1)).toBe(0);
    expect(prefillBoundary(" a b a", 1)).toBe(2);
  });

  test("works through text without blanks", () => {
    const said = "机".repeat(40);
    expect(planFor(`начало ${said}конец`, sampled, true)?.overlap.length).toBeLessThan(30);
  });

  test("accepts a server that repeats the prefill, and none that differs", () => {
    const plan = { how: "prefill", prefix: "one two", overlap: " three" } as const;
    expect(holdAgainst(plan, " thr")).toEqual({ state: "agrees", whole: false });
    expect(holdAgainst(plan, " three")).toEqual({ state: "agrees", whole: true });
    expect(holdAgainst(plan, " three four")).toEqual({ state: "goes-on", from: 6 });
    expect(holdAgainst(plan, "one two three four")).toEqual({ state: "goes-on", from: 13 });
    expect(holdAgainst(plan, "one two four")).toEqual({ state: "differs" });
    expect(holdAgainst(plan, "three")).toEqual({ state: "differs" });
  });
});

describe("traits of a request", () => {
  const chat = (body: object) => traitsOf("chat/completions", { messages: [{ role: "user" }], ...body });

  test("allow prefill for a plain chat, replay for a deterministic one", () => {
    expect(chat({})).toEqual(sampled);
    expect(chat({ temperature: 0 })).toEqual(all);
    expect(chat({ temperature: 1, seed: 3 })).toEqual(all);
    expect(traitsOf("completions", { prompt: "a" })).toEqual(sampled);
  });

  test.each([
    { n: 2 },
    { logprobs: true },
    { top_logprobs: 3 },
    { reasoning_effort: "low" },
    { modalities: ["audio"] },
  ])("allow nothing with %j", (body) => {
    expect(chat({ temperature: 0, ...body })).toMatchObject({ prefill: false, replay: false });
    expect(chat(body).obstacle).toBeTypeOf("string");
  });

  test("allow only replay under a grammar, after the application's own prefill and for odd prompts", () => {
    for (const traits of [
      chat({ response_format: { type: "json_object" } }),
      chat({ messages: [{ role: "assistant", content: "I" }] }),
      traitsOf("completions", { prompt: [1, 2] }),
      traitsOf("completions", { prompt: "a", echo: true }),
    ]) {
      expect(traits).toMatchObject({ prefill: false, replay: true });
    }
    expect(traitsOf("completions", { prompt: ["a", "b"] })).toMatchObject({ replay: false });
  });
});
