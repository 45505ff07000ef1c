import { invalidRequest, type Refusal } from "./openai.ts";

/**
 * 400 for the first parameter that would change the answer and that no engine of the network honours: what is dropped in
 * silence gives an answer that looks like the one asked for. Nothing where it asks for what happens anyway.
 */
export function refuseUnsupported(body: Readonly<Record<string, unknown>>): Refusal | undefined {
  for (const [name, asksNothing] of Object.entries(unsupported)) {
    const value = body[name];
    if (value === undefined || value === null || asksNothing(value)) continue;
    return invalidRequest(
      `\`${name}\` cannot be honoured by this network's engines yet.`,
      name,
      "unsupported_parameter",
    );
  }
  return undefined;
}

const never = () => false;
const isZero = (value: unknown) => value === 0;
const isOne = (value: unknown) => value === 1;
const isFalse = (value: unknown) => value === false;
const isTrue = (value: unknown) => value === true;
const isOff = (value: unknown) => value === 0 || value === -1;
const isText = (value: unknown) => value === "";
const isEmpty = (value: unknown) => Array.isArray(value) && value.length === 0;
const isEmptyObject = (value: unknown) =>
  typeof value === "object" && Object.keys(value as object).length === 0;

/** By name, as OpenAI, vLLM, llama-server and Ollama have them: the values that ask for nothing. */
const unsupported: Readonly<Record<string, (value: unknown) => boolean>> = {
  // OpenAI's.
  frequency_penalty: isZero,
  presence_penalty: isZero,
  logit_bias: isEmptyObject,
  logprobs: isFalse,
  top_logprobs: isZero,
  tools: isEmpty,
  tool_choice: (value) => value === "none" || value === "auto",
  functions: isEmpty,
  function_call: (value) => value === "none" || value === "auto",
  modalities: (value) => Array.isArray(value) && value.length === 1 && value[0] === "text",
  audio: never,
  prediction: never,
  web_search_options: never,
  reasoning_effort: never,
  best_of: isOne,
  echo: isFalse,
  suffix: isText,
  // How the next token is drawn.
  top_k: isOff,
  typical_p: isOne,
  repetition_penalty: isOne,
  repeat_penalty: isOne,
  length_penalty: isOne,
  use_beam_search: isFalse,
  mirostat: isZero,
  dynatemp_range: isZero,
  xtc_probability: isZero,
  dry_multiplier: isZero,
  logits_processors: isEmpty,
  allowed_token_ids: isEmpty,
  bad_words: isEmpty,
  // What form the answer has; `response_format` is honoured.
  guided_json: never,
  guided_regex: isText,
  guided_choice: isEmpty,
  guided_grammar: isText,
  structured_outputs: never,
  grammar: isText,
  json_schema: never,
  format: isText,
  // Where it ends; `stop` and `max_tokens` are honoured.
  stop_token_ids: isEmpty,
  include_stop_str_in_output: isFalse,
  ignore_eos: isFalse,
  min_tokens: isZero,
  n_predict: (value) => value === -1,
  // What the model is shown, and what is shown of it.
  continue_final_message: isFalse,
  add_generation_prompt: isTrue,
  chat_template: isText,
  chat_template_kwargs: isEmptyObject,
  documents: isEmpty,
  truncate_prompt_tokens: never,
  skip_special_tokens: isTrue,
  // 0 is not off: it asks for the prompt's own.
  prompt_logprobs: isFalse,
  n_probs: isZero,
  options: isEmptyObject,
};
