import { HoldfastError } from "../protocol/errors.ts";
import { askGateway } from "./gateway-words.ts";

export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

export interface AskOptions {
  /** Base URL, `/v1` included. */
  readonly url: string;
  readonly model: string;
  readonly maxTokens: number;
  readonly temperature: number;
  /** Nothing about the answer, only the answer. */
  readonly quiet: boolean;
}

/** The parts of a streamed chunk that a reader of the answer meets. */
interface Chunk {
  readonly choices?: ReadonlyArray<{
    readonly delta?: { readonly content?: string };
    readonly finish_reason?: string | null;
  }>;
  readonly holdfast?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string; readonly type: string; readonly code: string | null };
}

/**
 * Streams one answer to standard output and returns it; who speaks, switches and the verdict go to standard error.
 * Throws HoldfastError `gateway-unreachable`, `refused`, `stream-failed` or `stream-cut`; an abort ends it quietly.
 */
export async function ask(
  messages: readonly ChatMessage[],
  options: AskOptions,
  signal: AbortSignal,
): Promise<string> {
  const began = performance.now();
  const note = (line: string) => options.quiet || process.stderr.write(dim(line));
  let answer = "";
  let ended = false;
  let speakers = 0;
  try {
    for await (const chunk of chunksOf(await post(messages, options, signal))) {
      if (chunk.error !== undefined) throw streamFailed(chunk.error);
      const { executor, witnesses, verdict } = chunk.holdfast ?? {};
      if (typeof executor === "string" && verdict === undefined)
        note(speakerLine(executor, witnesses, speakers++));
      const [choice] = chunk.choices ?? [];
      const piece = choice?.delta?.content ?? "";
      answer += piece;
      process.stdout.write(process.stdout.isTTY ? harmless(piece) : piece);
      if (typeof choice?.finish_reason !== "string") continue;
      ended = true;
      process.stdout.write("\n");
      note(endLine(choice.finish_reason, chunk.holdfast, performance.now() - began));
    }
  } catch (error) {
    if (answer !== "") process.stdout.write("\n");
    if (signal.aborted) return answer;
    throw error instanceof HoldfastError ? error : cut(error);
  }
  if (!ended) throw cut(undefined);
  return answer;
}

/** The first model the gateway lists. Throws HoldfastError `gateway-unreachable` or `no-model`. */
export async function findModel(url: string): Promise<string> {
  const response = await reach(`${url}/models`, {});
  const list = (await response.json().catch(() => undefined)) as { data?: Array<{ id: string }> } | undefined;
  const [first] = list?.data ?? [];
  if (first !== undefined) return first.id;
  const plain = (await askGateway(url))?.backend === "upstreams";
  throw new HoldfastError(
    plain ? "None of the gateway's upstreams lists a model." : "The gateway has no model on offer.",
    {
      code: "no-model",
      fault: "environment",
      facts: { url },
      remedy: plain
        ? "See how each of them does (`holdfast status`), or name a model with --model."
        : "Wait until a provider has joined (`holdfast status`), name a model with --model, or check what is at this URL.",
    },
  );
}

async function post(
  messages: readonly ChatMessage[],
  options: AskOptions,
  signal: AbortSignal,
): Promise<Response> {
  const { url, model, maxTokens: max_tokens, temperature } = options;
  const response = await reach(`${url}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model, messages, max_tokens, temperature, stream: true }),
    signal,
  });
  if (response.ok) return response;
  const body = (await response.json().catch(() => undefined)) as { error?: { message?: string } } | undefined;
  throw new HoldfastError(body?.error?.message ?? "The gateway refused the request.", {
    code: "refused",
    fault: response.status < 500 ? "user" : "peer",
    facts: { status: response.status },
  });
}

async function reach(url: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(url, request);
  } catch (cause) {
    throw new HoldfastError("The gateway cannot be reached.", {
      code: "gateway-unreachable",
      fault: "environment",
      facts: { url },
      remedy:
        "Start one (`holdfast up`, or `holdfast gateway --upstream …`), or name where it is with --url.",
      cause,
    });
  }
}

async function* chunksOf(response: Response): AsyncGenerator<Chunk> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of response.body ?? []) {
    const events = (rest + decoder.decode(bytes, { stream: true })).split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) {
      if (!event.startsWith("data: ") || event === "data: [DONE]") continue;
      yield JSON.parse(event.slice("data: ".length)) as Chunk;
    }
  }
}

function speakerLine(executor: string, witnesses: unknown, before: number): string {
  const others = Array.isArray(witnesses) ? witnesses.map((peer) => short(String(peer))).join(", ") : "";
  const verb =
    before === 0 ? `${short(executor)} speaks` : `\nthe speaker was lost; ${short(executor)} goes on`;
  return `[${verb}${others === "" ? "" : `, witnessed by ${others}`}]\n`;
}

function endLine(reason: string, facts: Chunk["holdfast"], ms: number): string {
  const { verdict, basis, switches, notChecked } = facts ?? {};
  const judged =
    verdict === undefined ? [] : [`verdict ${verdict}${typeof basis === "string" ? ` (${basis})` : ""}`];
  const switched = typeof switches === "number" ? [`${switches} switch${switches === 1 ? "" : "es"}`] : [];
  // The word that each begins with: the rest is in the answer itself.
  const words = Array.isArray(notChecked) ? notChecked.map((each) => String(each).split(":")[0]) : [];
  const unchecked = words.length === 0 ? [] : [`not checked: ${[...new Set(words)].join(" ")}`];
  return `[${[reason, ...judged, ...unchecked, ...switched, `${(ms / 1000).toFixed(1)} s`].join(", ")}]\n`;
}

/** The end of a peer id differs; its beginning is the same for all. */
function short(peer: string): string {
  return peer.length > 12 ? `…${peer.slice(-8)}` : peer;
}

/** A stranger's model wrote it: what steers terminals (escape sequences, bells) is left out, lines and tabs are not. */
function harmless(text: string): string {
  return text.replace(/(?![\n\t])\p{Cc}/gu, "");
}

function dim(line: string): string {
  return process.stderr.isTTY ? `\x1b[2m${line}\x1b[0m` : line;
}

function streamFailed(error: NonNullable<Chunk["error"]>): HoldfastError {
  return new HoldfastError(error.message, {
    code: "stream-failed",
    fault: "peer",
    facts: { reason: error.code ?? error.type },
  });
}

function cut(cause: unknown): HoldfastError {
  return new HoldfastError("The answer was cut before its end.", {
    code: "stream-cut",
    fault: "peer",
    remedy: "Is the gateway still there? `holdfast status` tells.",
    cause,
  });
}
