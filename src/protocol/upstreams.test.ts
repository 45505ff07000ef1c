import { describe, expect, test } from "vitest";
import { HoldfastError } from "./errors.ts";
import { endpointUrl, parseUpstreams } from "./upstreams.ts";

describe("upstreams", () => {
  test("are read from flags and from the configuration file alike", () => {
    const flag = "https://api.example.com/v1/,key=env:KEY,model=their=name,name=cloud,price=0.5,domain=us";
    const entry = {
      ...{ url: "https://api.example.com/v1", key: "env:KEY", model: "their=name", name: "cloud" },
      ...{ price: 0.5, domain: "us" },
    };
    expect(parseUpstreams([flag])).toEqual(parseUpstreams([entry]));
    expect(parseUpstreams([flag])[0]).toEqual({
      name: "cloud",
      url: "https://api.example.com/v1",
      key: { from: "env", name: "KEY" },
      model: "their=name",
      ...{ price: 0.5, domain: "us" },
      forwardAuth: false,
    });
  });

  test("have unique names and an API base", () => {
    const read = parseUpstreams([
      "http://127.0.0.1:80",
      "http://127.0.0.1:80/",
      "http://h/openai?v=1,forward-auth",
    ]);
    expect(read.map(({ name, url }) => [name, url])).toEqual([
      ["127.0.0.1:80", "http://127.0.0.1:80/v1"],
      ["127.0.0.1:80#2", "http://127.0.0.1:80/v1"],
      ["h", "http://h/openai?v=1"],
    ]);
    expect(endpointUrl(read[2]!.url, "models")).toBe("http://h/openai/models?v=1");
  });

  test.each([
    "nonsense",
    "ftp://h/v1",
    "http://user:sk-secret@h/v1",
    "http://h/v1,key=sk-secret",
    "http://h/v1,sk-secret",
    "http://h/v1,key=env:A,forward-auth",
    "http://h/v1,model=",
    "http://h/v1,price=-1",
    "http://h/v1,price=",
    "http://h/v1,price=cheap",
    "http://h/v1,domain=",
    { url: "http://h", extra: 1 },
    3,
  ])("that make no sense are refused without repeating a secret: %j", (entry) => {
    let thrown: unknown;
    try {
      parseUpstreams([entry]);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(HoldfastError);
    expect((thrown as HoldfastError).fault).toBe("user");
    expect((thrown as HoldfastError).explain()).not.toContain("sk-secret");
  });
});
