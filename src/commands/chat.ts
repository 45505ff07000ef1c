import { createInterface } from "node:readline/promises";
import { HoldfastError } from "../protocol/errors.ts";
import { ask, type ChatMessage, findModel } from "./ask.ts";
import { defaultPort } from "./defaults.ts";
import { readRun } from "./run-file.ts";
import { type Flags, readSettings } from "./settings.ts";

/**
 * `holdfast chat`: the answer on standard output, everything about it on standard error. With words it asks once; with
 * piped input that is the question; on a terminal it is a conversation.
 */
export async function chat(words: readonly string[], flags: Flags): Promise<void> {
  const settings = readSettings({ ...flags, model: undefined }, process.env);
  const url = baseUrl(text(flags["url"]) ?? readRun(settings.home)?.gateway?.url);
  const [maxTokens, temperature] = [number(flags, "maxTokens", 512), number(flags, "temperature", 0.7)];
  const model = text(flags["model"]) ?? (await findModel(url));
  const system = text(flags["system"]);
  const messages: ChatMessage[] = system === undefined ? [] : [{ role: "system", content: system }];
  const options = { url, model, quiet: flags["quiet"] === true, maxTokens, temperature };
  const once = words.length > 0 ? words.join(" ") : process.stdin.isTTY ? undefined : await allInput();
  if (once === undefined) return converse(messages, options);
  if (once.trim() === "") {
    throw new HoldfastError("There is no question.", {
      code: "no-question",
      fault: "user",
      remedy: 'Ask one: holdfast chat "Why is the sky blue?", or pipe it in.',
    });
  }
  const interrupt = new AbortController();
  process.once("SIGINT", () => interrupt.abort());
  await ask([...messages, { role: "user", content: once }], options, interrupt.signal);
}

type Options = Parameters<typeof ask>[1];

/** Question and answer until an empty line or the end of input. Ctrl-C stops an answer, not the conversation. */
async function converse(messages: ChatMessage[], options: Options): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  process.stderr.write(`${options.model} at ${options.url}; an empty line ends it\n`);
  let closed = false;
  terminal.once("close", () => {
    closed = true;
  });
  while (!closed) {
    const question = await terminal.question("› ").catch(() => "");
    if (question.trim() === "") break;
    messages.push({ role: "user", content: question });
    const interrupt = new AbortController();
    const onInterrupt = () => interrupt.abort();
    terminal.once("SIGINT", onInterrupt);
    try {
      const answer = await ask(messages, options, interrupt.signal);
      if (answer === "") messages.pop();
      else messages.push({ role: "assistant", content: answer });
    } catch (error) {
      // The question is taken back, so that the next one stands where this one stood.
      messages.pop();
      if (!(error instanceof HoldfastError)) throw error;
      process.stderr.write(`${error.explain()}\n`);
    } finally {
      terminal.off("SIGINT", onInterrupt);
    }
  }
  terminal.close();
}

/** With or without `/v1`, as it was pasted. */
function baseUrl(given: string | undefined): string {
  const url = given ?? `http://127.0.0.1:${defaultPort}/v1`;
  if (!URL.canParse(url)) {
    throw new HoldfastError("The gateway's URL is not one.", {
      code: "bad-url",
      fault: "user",
      remedy: "Write it as http://127.0.0.1:11411/v1.",
      facts: { url },
    });
  }
  return `${url.replace(/\/+$/, "").replace(/\/v1$/, "")}/v1`;
}

async function allInput(): Promise<string> {
  process.stdin.setEncoding("utf8");
  let input = "";
  for await (const piece of process.stdin) input += piece;
  return input;
}

function number(flags: Flags, name: string, otherwise: number): number {
  const given = text(flags[name]);
  if (given === undefined) return otherwise;
  if (/^\d+(\.\d+)?$/.test(given)) return Number(given);
  throw new HoldfastError(`--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)} is a number.`, {
    code: "bad-number",
    fault: "user",
    remedy: "Write digits, with a point where there is a fraction.",
    facts: { given },
  });
}

function text(value: Flags[string]): string | undefined {
  return typeof value === "string" ? value : undefined;
}
