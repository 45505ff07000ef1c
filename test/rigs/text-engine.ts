import type { ModelId } from "../../src/domain/ids.ts";
import type { TextEngine } from "../../src/ports.ts";

/** Says the rest of one text, a word at a time. */
export function createTextEngine(id: ModelId, whole: string, resume: boolean): TextEngine {
  return {
    ...{ kind: "text", model: id, name: "text", contextTokens: 256, slots: 1, profile: "text", resume },
    async *speak({ begun }) {
      for (const word of whole.slice(begun.length).split(/(?<= )/)) yield word;
      return "stop";
    },
    close: async () => {},
  };
}
