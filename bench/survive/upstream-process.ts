import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { createInterface } from "node:readline";
import { numberIn, story } from "./story.ts";

/** What one upstream is like. */
export interface UpstreamManner {
  /** Pause before each token, ms; 0: as fast as it can. */
  readonly tokenMs: number;
  /** Its port, so that it can come back where it was; 0: any. */
  readonly port: number;
  /** Does it go on from an assistant message, or refuse one at the end? */
  readonly prefill: boolean;
}

/** What goes wrong from now on, in streams under way at once and in later ones half-way. */
export type Fault = "stall" | "reset" | "cut" | "slow" | "500" | "garbage";

/**
 * One upstream in a process of its own, so that it can really be killed and stopped: an OpenAI-compatible server whose
 * text is known. Prints its port as one line of JSON, takes faults as lines on standard input, ends with it.
 */
export async function serveUpstream(manner: UpstreamManner): Promise<void> {
  const streams = new Set<Stream>();
  let fault: Fault | undefined;
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      if (request.method === "GET") return listModels(response);
      const asked = JSON.parse(body) as Asked;
      if (fault === "500") return refuse(response, 500);
      const last = asked.messages.at(-1);
      if (last?.role === "assistant" && !manner.prefill) return refuse(response, 400);
      if (fault === "stall" && !asked.stream) return;
      if (!asked.stream) return whole(response, asked);
      const stream = new Stream(request, response, asked, manner.tokenMs, () => streams.delete(stream));
      streams.add(stream);
      stream.begin(fault);
    });
  });
  server.on("connection", (socket: Socket) => socket.setNoDelay(true));
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(manner.port, "127.0.0.1", resolve));
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
  createInterface({ input: process.stdin })
    .on("line", (line) => {
      fault = (JSON.parse(line) as { fault?: Fault }).fault;
      if (fault !== undefined) for (const stream of [...streams]) stream.befall(fault);
    })
    .on("close", () => process.exit(0));
}

interface Asked {
  readonly messages: ReadonlyArray<{ readonly role: string; readonly content: string }>;
  readonly max_tokens: number;
  readonly stream?: boolean;
}

/** The text asked for: after the assistant's beginning, if there is one. `max_tokens` counts what is yet to come. */
function tokensFor({ messages, max_tokens }: Asked): string[] {
  const last = messages.at(-1)!;
  const begun = last.role === "assistant" ? last.content : "";
  const before = begun === "" ? 0 : begun.split(" ").length;
  return story(numberIn(messages[0]!.content), before + max_tokens).slice(before);
}

class Stream {
  readonly #response: ServerResponse;
  readonly #tokens: string[];
  readonly #over: () => void;
  readonly #socket: Socket;
  #tokenMs: number;
  #at = 0;
  #breaksAt = Number.POSITIVE_INFINITY;
  #fault: Fault | undefined;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    asked: Asked,
    tokenMs: number,
    over: () => void,
  ) {
    this.#socket = request.socket;
    this.#response = response;
    this.#tokens = tokensFor(asked);
    this.#tokenMs = tokenMs;
    this.#over = over;
  }

  begin(fault: Fault | undefined): void {
    this.#response.on("close", () => this.#end());
    this.#response.writeHead(200, { "content-type": "text/event-stream" });
    this.#response.write(event('"delta":{"role":"assistant","content":""}', "null"));
    this.#fault = fault;
    if (fault === "slow") this.#tokenMs *= slower;
    else if (fault !== undefined) this.#breaksAt = Math.floor(this.#tokens.length / 2);
    this.#later();
  }

  befall(fault: Fault): void {
    this.#fault = fault;
    if (fault === "slow") this.#tokenMs *= slower;
    else this.#breaksAt = this.#at;
    if (fault !== "slow" && fault !== "stall") this.#break();
  }

  #later(): void {
    if (this.#tokenMs > 0) setTimeout(() => this.#next(), this.#tokenMs);
    else setImmediate(() => this.#next());
  }

  #next(): void {
    if (this.#at < 0) return;
    if (this.#at >= this.#breaksAt) return this.#break();
    const token = this.#tokens[this.#at++];
    if (token !== undefined) {
      this.#response.write(event(`"delta":{"content":${JSON.stringify(token)}}`, "null"));
      return this.#later();
    }
    this.#response.write(event('"delta":{}', '"stop"'));
    this.#response.end("data: [DONE]\n\n");
    this.#end();
  }

  #break(): void {
    if (this.#at < 0) return;
    switch (this.#fault) {
      case "reset":
        this.#socket.resetAndDestroy();
        break;
      case "cut":
        this.#response.end();
        break;
      case "garbage":
        this.#response.end('data: {"id":"x","choices":[{"del\n\ndata: [DONE]\n\n');
        break;
      case "500":
        this.#response.end('data: {"error":{"message":"engine died","type":"server_error"}}\n\n');
        break;
      default: // "stall": says nothing more, and stays.
    }
    this.#end();
  }

  #end(): void {
    this.#at = -1;
    this.#over();
  }
}

/** A slow one says a token where it said this many. */
const slower = 20;

function event(choice: string, finish: string): string {
  return `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"known","choices":[{"index":0,${choice},"finish_reason":${finish}}]}\n\n`;
}

function whole(response: ServerResponse, asked: Asked): void {
  const content = JSON.stringify(tokensFor(asked).join(""));
  const body = `{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"known","choices":[{"index":0,"message":{"role":"assistant","content":${content}},"finish_reason":"stop"}],"usage":{"prompt_tokens":4,"completion_tokens":${asked.max_tokens},"total_tokens":${4 + asked.max_tokens}}}`;
  response.writeHead(200, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}

function listModels(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.end('{"object":"list","data":[{"id":"known","object":"model"}]}');
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end('{"error":{"message":"no","type":"server_error","param":null,"code":null}}');
}
