/**
 * What an answer says, without what may differ between two servers that agree (ids, times, names, counts, where
 * chunks were cut): two answers are the same when these are equal. `parts`: the chunks of a stream, or one body.
 */
export function answerKey(parts: readonly string[]): string {
  const choices = new Map<number, Said>();
  for (const part of parts) {
    const { choices: given } = JSON.parse(part) as { choices?: Choice[] };
    for (const choice of given ?? []) {
      const index = choice.index ?? 0;
      const said = choices.get(index) ?? { text: "", refusal: "", calls: new Map(), end: null };
      choices.set(index, said);
      add(said, choice);
    }
  }
  const sorted = [...choices].sort(([a], [b]) => a - b);
  return JSON.stringify(sorted.map(([index, { calls, ...rest }]) => ({ index, ...rest, calls: [...calls] })));
}

interface Said {
  text: string;
  refusal: string;
  readonly calls: Map<number, [name: string, args: string]>;
  end: string | null;
}

interface Message {
  readonly content?: unknown;
  readonly refusal?: unknown;
  readonly tool_calls?: ReadonlyArray<{
    readonly index?: number;
    readonly function?: { readonly name?: string; readonly arguments?: string };
  }> | null;
}

interface Choice {
  readonly index?: number;
  readonly text?: unknown;
  readonly delta?: Message;
  readonly message?: Message;
  readonly finish_reason?: string | null;
}

function add(said: Said, choice: Choice): void {
  const message = choice.message ?? choice.delta ?? {};
  const text = choice.text ?? message.content;
  if (typeof text === "string") said.text += text;
  if (typeof message.refusal === "string") said.refusal += message.refusal;
  for (const [position, call] of (message.tool_calls ?? []).entries()) {
    const index = call.index ?? position;
    const [name, args] = said.calls.get(index) ?? ["", ""];
    said.calls.set(index, [name + (call.function?.name ?? ""), args + (call.function?.arguments ?? "")]);
  }
  said.end = choice.finish_reason ?? said.end;
}
