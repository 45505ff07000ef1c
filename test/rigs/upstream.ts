import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** A real HTTP server that speaks the OpenAI API with a known text, and fails as it is told. */
export interface UpstreamRig {
  /** Base URL, ending in /v1. */
  readonly url: string;
  readonly port: number;
  /** Requests for answers, oldest first. */
  readonly requests: SeenRequest[];
  /** Answers whose connection the other side closed before the end. */
  hungUp: number;
  /** Changes what it does from the next request on. */
  be(behaviour: Partial<Behaviour>): void;
  close(): Promise<void>;
}

interface SeenRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly raw: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks wherever it likes.
  readonly body: any;
}

export interface Behaviour {
  /** What it answers; a word with the blank before it is a token. */
  readonly text: string;
  readonly tokenMs: number;
  readonly fault: Fault | undefined;
  /** What an assistant message at the end means to it. */
  readonly prefill: "flags" | "plain" | "ignored" | "refused" | "echoed";
  /** Answers with this status and body instead. */
  readonly status: number | undefined;
  readonly errorBody: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly models: readonly string[];
  /** Has only the models it lists; otherwise it answers to any name. */
  readonly picky: boolean;
  /** Delta in place of the token at this index. */
  readonly delta: { readonly at: number; readonly value: object } | undefined;
  /** Extra members of every chunk and body, as JSON text. */
  readonly extra: string;
}

/** What goes wrong, and after how many tokens (of this request). */
export interface Fault {
  readonly kind:
    | "reset"
    | "cut"
    | "done-without-finish"
    | EndFault
    | "hang"
    | "garbage"
    | "error-event"
    | "half-character";
  readonly after: number;
}

/** What goes wrong with an answer after its last word. */
type EndFault = (typeof endFaults)[number];
export const endFaults = ["finish-without-done", "finish-reset", "finish-hang", "finish-more"] as const;

const calm: Behaviour = {
  text: "The quick brown fox jumps over the lazy dog and runs far away from here.",
  tokenMs: 0,
  fault: undefined,
  prefill: "plain",
  status: undefined,
  errorBody: '{"error":{"message":"no","type":"invalid_request_error","param":null,"code":null}}',
  headers: {},
  models: ["known"],
  picky: false,
  delta: undefined,
  extra: "",
};

export async function startUpstream(behaviour: Partial<Behaviour> = {}): Promise<UpstreamRig> {
  let now: Behaviour = { ...calm, ...behaviour };
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => serve(request, response, Buffer.concat(parts).toString(), now, rig));
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const rig: UpstreamRig = {
    url: `http://127.0.0.1:${port}/v1`,
    port,
    requests: [],
    hungUp: 0,
    be(changes) {
      now = { ...now, ...changes };
    },
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.resetAndDestroy();
      return closed;
    },
  };
  return rig;
}

function tokensOf(text: string): string[] {
  return text.match(/\s*\S+|\s+$/g) ?? [];
}

function serve(
  request: IncomingMessage,
  response: ServerResponse,
  raw: string,
  is: Behaviour,
  rig: UpstreamRig,
): void {
  const path = request.url ?? "";
  if (request.method === "GET") {
    if (!/^\/v1\/models(\?|$)/.test(path)) return void response.writeHead(404).end("not here");
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ object: "list", data: is.models.map((id) => ({ id, object: "model" })) }));
    return;
  }
  const body = JSON.parse(raw);
  rig.requests.push({ path, headers: request.headers, raw, body });
  response.on("close", () => {
    if (!response.writableFinished) rig.hungUp += 1;
  });
  const json = { "content-type": "application/json", ...is.headers };
  if (is.picky && !is.models.includes(body.model))
    return void response.writeHead(404, json).end(is.errorBody);
  if (is.status !== undefined) return void response.writeHead(is.status, json).end(is.errorBody);

  const prefix = prefillOf(body, path);
  const flags = body.continue_final_message === true;
  if (
    prefix !== "" &&
    (is.prefill === "refused" || (is.prefill === "plain" && flags && path.includes("chat")))
  ) {
    return void response.writeHead(400, json).end(is.errorBody);
  }
  const goesOn = is.prefill !== "ignored" && is.prefill !== "echoed" && is.text.startsWith(prefix);
  const tokens = tokensOf(goesOn ? is.text.slice(prefix.length) : is.text);
  if (body.stream === true) void stream(response, tokens, is, path);
  else whole(response, tokens.join(""), is, path, json);
}

function prefillOf(body: SeenRequest["body"], path: string): string {
  if (!path.includes("chat")) return String(body.prompt).split("|")[1] ?? "";
  const last = body.messages.at(-1);
  return last?.role === "assistant" ? last.content : "";
}

function whole(response: ServerResponse, text: string, is: Behaviour, path: string, json: object): void {
  const chat = path.includes("chat");
  const said = chat
    ? `"message":{"role":"assistant","content":${JSON.stringify(text)}}`
    : `"text":${JSON.stringify(text)}`;
  const full = path.includes("embeddings")
    ? `{"object":"list",${is.extra}"data":[{"object":"embedding","index":0,"embedding":[0.25,-1.5]}],"model":"theirs","usage":{"prompt_tokens":2,"total_tokens":2}}`
    : `{"id":"whole-1","object":"x","created":1,"model":"theirs",${is.extra}"choices":[{"index":0,${said},"finish_reason":"stop"}]}`;
  const fault = is.fault?.kind;
  if (fault === "hang") return;
  response.writeHead(200, {
    ...json,
    ...(fault === "reset" || fault === "cut" ? {} : { "content-length": Buffer.byteLength(full) }),
  });
  if (fault === "reset")
    return void response.write(full.slice(0, 40), () => response.socket?.resetAndDestroy());
  response.end(
    fault === "cut"
      ? full.slice(0, 40)
      : fault === "garbage"
        ? full.replace(/"choices"|"data"/, '"dada"')
        : full,
  );
}

async function stream(
  response: ServerResponse,
  tokens: readonly string[],
  is: Behaviour,
  path: string,
): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream", ...is.headers });
  const id = `chunk-${Math.random()}`;
  const chat = path.includes("chat");
  const send = (choice: object, finish: string | null = null) => {
    const one = JSON.stringify({ index: 0, ...choice, finish_reason: finish });
    response.write(
      `data: {"id":"${id}","object":"x","created":1,"model":"theirs",${is.extra}"choices":[${one}]}\n\n`,
    );
  };
  if (chat) send({ delta: { role: "assistant", content: "" } });
  for (const [index, token] of tokens.entries()) {
    if (is.fault?.after === index && !kindsOfEnd.has(is.fault.kind)) return fail(response, is.fault.kind);
    if (is.tokenMs > 0) await new Promise((resolve) => setTimeout(resolve, is.tokenMs));
    if (response.destroyed) return;
    if (is.delta?.at === index) send({ delta: is.delta.value });
    else send(chat ? { delta: { content: token } } : { text: token });
  }
  send(chat ? { delta: {} } : { text: "" }, "stop");
  switch (is.fault?.kind) {
    case "finish-hang":
      return;
    case "finish-reset":
      return fail(response, "reset");
    case "finish-more":
      send(chat ? { delta: { content: " more" } } : { text: " more" });
      send(chat ? { delta: {} } : { text: "" }, "length");
  }
  if (is.fault?.kind !== "finish-without-done") response.write("data: [DONE]\n\n");
  response.end();
}

const kindsOfEnd: ReadonlySet<string> = new Set(endFaults);

function fail(response: ServerResponse, kind: Fault["kind"]): void {
  // What was written must have left before the connection goes.
  const after = (act: () => void) => void setTimeout(act, 5);
  switch (kind) {
    case "reset":
      return after(() => response.socket?.resetAndDestroy());
    case "cut":
      return void response.end();
    case "done-without-finish":
      return void response.end("data: [DONE]\n\n");
    case "garbage":
      return void response.end('data: {"id":"x","choices":[{"del\n\ndata: [DONE]\n\n');
    case "error-event":
      return void response.end('data: {"error":{"message":"engine died","type":"server_error"}}\n\n');
    case "half-character":
      return void response.end(
        Buffer.concat([Buffer.from('data: {"choices":[{"delta":{"content":"'), Buffer.from([0xf0, 0x9f])]),
      );
    default: // "hang" says nothing more and stays open.
  }
}
