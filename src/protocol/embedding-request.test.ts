import { describe, expect, test } from "vitest";
import { parseEmbeddingRequest } from "./embedding-request.ts";
import { limits } from "./limits.ts";

describe("a request for vectors", () => {
  test("holds one text or several, and may say how they are written", () => {
    const one = { inputs: ["a"], encoding: "float", dimensions: undefined };
    expect(parseEmbeddingRequest({ input: "a" })).toEqual(one);
    expect(parseEmbeddingRequest({ input: ["a"], encoding_format: null, user: "x" })).toEqual(one);
    expect(parseEmbeddingRequest({ input: ["a", "b"], encoding_format: "base64", dimensions: 3 })).toEqual({
      ...{ inputs: ["a", "b"], encoding: "base64", dimensions: 3 },
    });
  });

  test.each([
    [{}, "input"],
    [{ input: "" }, "input"],
    [{ input: [] }, "input"],
    [{ input: ["a", ""] }, "input"],
    [{ input: ["a", 7] }, "input"],
    [{ input: [1, 2, 3] }, "input"],
    [{ input: [[1, 2, 3]] }, "input"],
    [{ input: { text: "a" } }, "input"],
    [{ input: new Array(limits.embeddingInputsMax + 1).fill("a") }, "input"],
    [{ input: "a", encoding_format: "int8" }, "encoding_format"],
    [{ input: "a", dimensions: 0 }, "dimensions"],
  ])("is refused with the parameter's name: %j", (body, param) => {
    expect(parseEmbeddingRequest(body as never)).toMatchObject({ status: 400, param });
  });
});
