import { describe, expect, test } from "vitest";
import { parseClassifyRequest, parseEmbeddingRequest } from "./embedding-request.ts";
import { limits } from "./limits.ts";

describe("a request for vectors", () => {
  test("holds one text or several, and may say how they are written", () => {
    const one = { inputs: ["a"], encoding: "float", dimensions: undefined, logits: false };
    expect(parseEmbeddingRequest({ input: "a" })).toEqual(one);
    expect(parseEmbeddingRequest({ input: ["a"], encoding_format: null, user: "x" })).toEqual(one);
    expect(parseEmbeddingRequest({ input: ["a", "b"], encoding_format: "base64", dimensions: 3 })).toEqual({
      ...{ inputs: ["a", "b"], encoding: "base64", dimensions: 3, logits: false },
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
    [{ input: "a", truncate_prompt_tokens: 10 }, "truncate_prompt_tokens"],
  ])("is refused with the parameter's name: %j", (body, param) => {
    expect(parseEmbeddingRequest(body as never)).toMatchObject({ status: 400, param });
  });
});

describe("a request for classes", () => {
  test("holds texts as one for vectors does, and may ask for logits", () => {
    expect(parseClassifyRequest({ input: ["a", "b"] })).toMatchObject({ inputs: ["a", "b"], logits: false });
    expect(parseClassifyRequest({ input: "a", use_activation: false })).toMatchObject({ logits: true });
    expect(parseClassifyRequest({ input: "a", truncate_prompt_tokens: null })).toMatchObject({
      inputs: ["a"],
    });
  });

  test.each([
    [{ messages: [{ role: "user", content: "a" }] }, "messages"],
    [{ input: "a", truncate_prompt_tokens: 10 }, "truncate_prompt_tokens"],
    [{ input: "a", add_special_tokens: false }, "add_special_tokens"],
    [{ input: "a", encoding_format: "base64" }, "encoding_format"],
    [{ input: "a", use_activation: "yes" }, "use_activation"],
    [{ input: [[1, 2]] }, "input"],
  ])("is refused with the parameter's name rather than answered as something else: %j", (body, param) => {
    expect(parseClassifyRequest(body)).toMatchObject({ status: 400, param });
  });
});
