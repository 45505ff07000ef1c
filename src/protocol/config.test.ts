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
    expect(Object.keys(facts)).toEqual(["port", "rpc.1", "bonds"]);
  });

  test("that are no object at all are refused", () => {
    expect(refusal([]).facts["content"]).toBeDefined();
    expect(refusal(null).facts["content"]).toBeDefined();
  });

  test("each have a way to be read from text", () => {
    expect(Object.keys(configKinds).toSorted()).toEqual(Object.keys(configSchema.shape).toSorted());
  });
});
