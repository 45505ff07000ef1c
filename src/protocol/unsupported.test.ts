import { expect, test } from "vitest";
import { refuseUnsupported } from "./unsupported.ts";

test.each([
  ["guided_json", { type: "object" }],
  ["guided_regex", "[0-9]+"],
  ["guided_choice", ["a", "b"]],
  ["guided_grammar", "root ::= 'a'"],
  ["structured_outputs", { choice: ["a"] }],
  ["grammar", "root ::= 'a'"],
  ["json_schema", { type: "object" }],
  ["stop_token_ids", [2]],
  ["typical_p", 0.5],
  ["bad_words", ["sea"]],
  ["ignore_eos", true],
  ["min_tokens", 5],
  ["continue_final_message", true],
  ["add_generation_prompt", false],
  ["length_penalty", 2],
  ["prompt_logprobs", 0],
  ["echo", true],
  ["best_of", 2],
  ["use_beam_search", true],
  ["allowed_token_ids", [1, 2]],
  ["logits_processors", ["x"]],
  ["truncate_prompt_tokens", 100],
  ["top_k", 40],
  ["repetition_penalty", 1.1],
  ["repeat_penalty", 1.1],
  ["chat_template_kwargs", { enable_thinking: false }],
])("what no engine honours is refused by its name: %s", (name, value) => {
  expect(refuseUnsupported({ [name]: value })).toMatchObject({
    ...{ status: 400, type: "invalid_request_error", code: "unsupported_parameter", param: name },
    message: expect.stringContaining(name),
  });
});

test("values that ask for what happens anyway are harmless", () => {
  const asked = {
    ...{ guided_json: null, guided_regex: null, guided_choice: [], structured_outputs: null, grammar: "" },
    ...{ stop_token_ids: [], typical_p: 1, bad_words: [], ignore_eos: false, min_tokens: 0 },
    ...{ continue_final_message: false, add_generation_prompt: true, length_penalty: 1, echo: false },
    ...{ prompt_logprobs: null, best_of: 1, use_beam_search: false, allowed_token_ids: [], top_k: -1 },
    ...{ logits_processors: [], truncate_prompt_tokens: null, logit_bias: {}, min_p: 0.1 },
  };
  expect(refuseUnsupported(asked)).toBeUndefined();
});
