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
    "http://h/v1,price=1e3",
    "http://h/v1,slots=1.5",
    "http://h/v1,domain=a,domain=b",
    "http://h/v1,forward-auth,forward-auth",
    "http://h/v1,forwardAuth=sk-secret",
    { url: "http://h", price: "3" },
    { url: "http://h", slots: "3" },
    { url: "http://h", forwardAuth: "yes" },
    { url: "http://h", key: 3 },
    { key: "env:KEY" },
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

  test.each([
    ["http://h/v1,price=1e3", /^Upstream 1: price must be .* in plain decimals such as 0\.5\.$/],
    ["http://h/v1,model=", /^Upstream 1: model must be text of 1 to 500 characters\.$/],
    ["http://h/v1,domain=a,domain=b", /^Upstream 1 names domain twice\.$/],
    [{ url: "http://h", extra: 1 }, /^Upstream 1: has an option that is not known\. There are url, name, /],
    [3, /^Upstream 1: must be text or an object such as /],
    [{}, /^Upstream 1: url must be an http/],
  ])("are refused in words, not in the validator's: %j", (entry, message) => {
    expect(() => parseUpstreams([entry])).toThrow(message);
  });
});
