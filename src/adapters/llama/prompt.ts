import type { ChatHistoryItem } from "node-llama-cpp";
import type { TokenId } from "../../domain/ids.ts";
import { promptUnits, textsOf } from "../../domain/inference/prompt-size.ts";
import type { ChatMessage, Prompt } from "../../domain/inference/spec.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import type { Runtime } from "./runtime.ts";

/**
 * Turns prompts into token ids, the same ids on every node that holds the model: a chat is rendered with the
 * template inside the model file, nothing added, merged or guessed. What people wrote is tokenised as text, so a
 * message that contains `<|im_end|>` stays a message.
 */
export function createPromptReader({ vendor, model }: Runtime): (prompt: Prompt) => TokenId[] {
  const render = createRenderer();

  return (prompt) => {
    // A token stands for a bounded number of bytes, so what is longer than this cannot fit, and tokenising
    // megabytes first would stop the process for seconds.
    const ids = prompt.kind === "text" ? model.tokenize(prompt.text, false) : render(prompt.messages);
    const { bos } = model.tokens;
    if (bos !== null && ids[0] !== bos && (model.tokens.shouldPrependBosToken || ids.length === 0)) {
      return [bos, ...ids] as TokenId[];
    }
    if (ids.length === 0) {
      throw new HoldfastError("The prompt is empty.", { code: "empty-prompt", fault: "user" });
    }
    return ids as TokenId[];
  };

  function createRenderer(): (messages: readonly ChatMessage[]) => number[] {
    const { chat_template: template } = (model.fileInfo.metadata.tokenizer ?? {}) as {
      chat_template?: unknown;
    };
    if (typeof template !== "string") {
      return () => {
        throw new HoldfastError("This model has no chat template.", {
          code: "no-chat-template",
          fault: "user",
          remedy: "Use /v1/completions, or a model file that carries its template.",
        });
      };
    }
    const wrapper = new vendor.JinjaTemplateChatWrapper({
      template,
      tokenizer: model.tokenizer,
      functionCallMessageTemplate: "noJinja",
      joinAdjacentMessagesOfTheSameType: false,
      convertUnsupportedSystemMessagesToUserMessages: false,
      trimLeadingWhitespaceInResponses: false,
    });
    return (messages) => {
      // The empty answer at the end makes the template open the assistant's turn.
      const chatHistory: ChatHistoryItem[] = [...messages.map(historyItem), { type: "model", response: [] }];
      try {
        return wrapper.generateContextState({ chatHistory }).contextText.tokenize(model.tokenizer);
      } catch (error) {
        throw new HoldfastError("The model's chat template refuses this sequence of messages.", {
          code: "bad-messages",
          fault: "user",
          remedy:
            "Many templates want user and assistant to take turns, and at most one system message, first.",
          cause: error,
        });
      }
    };
  }
}

function historyItem({ role, content }: ChatMessage): ChatHistoryItem {
  if (role === "assistant") return { type: "model", response: [content] };
  return { type: role, text: content };
}

/** Could this prompt fit at all? A bound that needs no tokeniser. */
export function mayFit(prompt: Prompt, contextTokens: number): boolean {
  return (
    promptUnits(prompt) <= contextTokens * limits.tokenLengthMax && textsOf(prompt).length <= contextTokens
  );
}
