import { describe, expect, test } from "vitest";
import { configKinds, configSchema, parseConfig } from "./config.ts";
import type { HoldfastError } from "./errors.ts";

const file = { name: "holdfast.json", nameOf: (key: string) => key };

function refusal(value: unknown): HoldfastError {
  try {
    parseConfig(value, file);
  } catch (error) {
    return error as HoldfastError;
  }
  throw new Error("it was accepted");
}

describe("settings", () => {
  test("are taken as they stand when all are known and valid", () => {
    expect(parseConfig({ port: 0, upstreams: ["http://127.0.0.1:1/v1"], local: true }, file)).toEqual({
      port: 0,
      upstreams: ["http://127.0.0.1:1/v1"],
      local: true,
    });
  });

  test("that are unknown are refused by name, with the one that was probably meant", () => {
    const { code, fault, facts } = refusal({ prot: 1, upstream: [] });
    expect({ code, fault }).toEqual({ code: "config-invalid", fault: "user" });
    expect(facts["prot"]).toContain('"port"');
    expect(facts["upstream"]).toContain('"upstreams"');
  });

  test("that are wrong are each named, down to the place in a list", () => {
    const { facts } = refusal({ port: 70_000, rpc: ["http://127.0.0.1:1", "nowhere"], bonds: "0x1" });
    expect(facts).toEqual({
      port: "must be a whole number from 0 to 65535",
      rpc: "entry 2 must be a URL",
      bonds: "must be 0x and 40 hex digits",
    });
  });

  test("are refused in words, not in the validator's", () => {
    const { facts } = refusal({
      finality: "x",
      chainId: 0,
      local: "yes",
      host: "",
      rpc: "x",
      bootstrap: ["a"],
    });
    expect(facts).toEqual({
      finality: "must be stream, final or none",
      chainId: "must be a whole number of at least 1",
      local: "must be true or false",
      host: "must not be empty",
      rpc: "must be a list",
      bootstrap: "entry 1 must be a multiaddr, which starts with /",
    });
  });

  test("of fallbacks are an object in the file, and MODEL=NEXT,NEXT as text", () => {
    const fallbacks = { first: ["second", "third"] };
    expect(parseConfig({ fallbacks }, file)).toEqual({ fallbacks });
    expect(parseConfig({ fallbacks: ["first=second,third"] }, file)).toEqual({ fallbacks });
    for (const wrong of [{ first: "second" }, ["first"], "first=second"]) {
      expect(refusal({ fallbacks: wrong }).facts["fallbacks"]).toContain('{"model": ["next", "one after"]}');
    }
  });

  test("that are no object at all are refused", () => {
    expect(refusal([]).facts["content"]).toBeDefined();
    expect(refusal(null).facts["content"]).toBeDefined();
  });

  test("each have a way to be read from text", () => {
    expect(Object.keys(configKinds).toSorted()).toEqual(Object.keys(configSchema.shape).toSorted());
  });
});
