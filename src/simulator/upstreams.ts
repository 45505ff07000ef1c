import type { Ms } from "../domain/ids.ts";
import type { UpstreamHandlers, UpstreamRequest, Upstreams } from "../ports.ts";
import type { Chance } from "./chance.ts";
import type { Timeline } from "./timeline.ts";

/** Plain servers in simulated time, the double of the port: as slow, as full and as broken as they are told to be. */
export interface SimulatedUpstreams extends Upstreams {
  readonly servers: readonly SimulatedServer[];
}

export interface SimulatedServer {
  readonly url: string;
  readonly traits: ServerTraits;
  /** Answers it is at work on. */
  readonly working: () => number;
  /** Answers it turned away for want of a seat. */
  readonly refused: () => number;
  /** The process stands still, its sockets stay; or it goes on. */
  hang(hung: boolean): void;
  /** The process is gone, and all its connections with it. */
  kill(): void;
  /** It works, and badly, from now on. */
  ail(ailment: Ailment): void;
  /** All that ailed it is over. A process that was gone is another one now. */
  heal(): void;
}

/** It answers 500; breaks each stream half-way; ends each early as if that were all; takes twenty times as long. */
export type Ailment = "500" | "cut" | "short" | "slow";

export interface ServerTraits {
  /** Does it go on from an assistant message, or refuse one at the end? */
  readonly prefills: boolean;
  readonly tokenMs: Ms;
  /** What a token takes beyond that: on average, and now and then. */
  readonly jitterMs: Ms;
  readonly hiccup: { readonly probability: number; readonly ms: Ms };
  /** Answers at once; one more is told to come back after `retryAfterS`. */
  readonly seats: number;
  readonly retryAfterS: number;
  /** Models it has. */
  readonly models: readonly string[];
}

export const calmServer: ServerTraits = {
  ...{ prefills: true, tokenMs: 1000 / 30, jitterMs: 3, hiccup: { probability: 0, ms: 0 } },
  ...{ seats: Number.POSITIVE_INFINITY, retryAfterS: 1, models: ["simulated"] },
};

export function createUpstreams(
  timeline: Timeline,
  chance: Chance,
  traits: readonly ServerTraits[],
): SimulatedUpstreams {
  const servers = traits.map((each, index) =>
    createServer(timeline, chance.child(`server ${index}`), `http://server-${index}/v1`, each),
  );
  return {
    servers,
    send(request, handlers) {
      const server = servers.find(({ url }) => request.url.startsWith(`${url}/`))!;
      return server.take(request, handlers);
    },
    close: async () => {},
  };
}

/** One exchange as its server sees it. */
interface Exchange {
  readonly handlers: UpstreamHandlers;
  /** What it says next. */
  cancel: () => void;
}

function createServer(timeline: Timeline, chance: Chance, url: string, traits: ServerTraits) {
  const open = new Set<Exchange>();
  let held: Array<() => void> = [];
  let state: "well" | "hung" | "gone" = "well";
  let ailment: Ailment | undefined;
  let refused = 0;

  function later(exchange: Exchange, delay: Ms, run: () => void): void {
    exchange.cancel = timeline.at(timeline.now() + delay, () => {
      const act = () => open.has(exchange) && run();
      if (state === "hung") held.push(act);
      else act();
    });
  }

  function whole(exchange: Exchange, status: number, body: object, headers: Record<string, string> = {}) {
    open.delete(exchange);
    exchange.handlers.answered(status, { "content-type": "application/json", ...headers });
    exchange.handlers.piece(JSON.stringify(body));
    exchange.handlers.ended();
  }

  function serve(exchange: Exchange, { method, body }: UpstreamRequest): void {
    if (method === "GET") return whole(exchange, 200, { data: traits.models.map((id) => ({ id })) });
    const asked = JSON.parse(body!) as Asked;
    const error = (message: string) => ({ error: { message } });
    if (ailment === "500") return whole(exchange, 500, error("out of order"));
    if (!traits.models.includes(asked.model)) return whole(exchange, 404, error("no such model"));
    if (open.size > traits.seats) {
      refused += 1;
      return whole(exchange, 429, error("full"), { "retry-after": String(traits.retryAfterS) });
    }
    const last = asked.messages.at(-1);
    const begun = last?.role === "assistant" ? last.content : "";
    if (begun !== "" && !traits.prefills) return whole(exchange, 400, error("no prefill"));
    const from = begun === "" ? 0 : begun.trim().split(" ").length;
    if (!asked.stream) {
      const choice = { index: 0, message: { content: wordsOf(asked.max_tokens) }, finish_reason: "stop" };
      return later(exchange, asked.max_tokens * traits.tokenMs, () =>
        whole(exchange, 200, { choices: [choice] }),
      );
    }
    exchange.handlers.answered(200, { "content-type": "text/event-stream" });
    exchange.handlers.piece(chunk({ role: "assistant", content: "" }, null));
    const prompt = asked.messages.flatMap(({ content }) => content.trim().split(" ")).length;
    const usage = asked.stream_options?.include_usage === true ? usageOf(prompt, asked.max_tokens) : "";
    speak(exchange, { position: from, end: from + asked.max_tokens, usage });
  }

  function speak(exchange: Exchange, { position, end, usage }: Speech): void {
    const { hiccup, tokenMs, jitterMs } = traits;
    const odd = chance.hits(hiccup.probability) ? chance.exponential(hiccup.ms) : 0;
    const pace = (ailment === "slow" ? 20 : 1) * tokenMs;
    later(exchange, pace + chance.exponential(jitterMs) + odd, () => {
      if (ailment === "cut" && position > end / 2)
        return fail(exchange, { code: "broken", detail: "ECONNRESET" });
      if (ailment === "short" && position > end / 2) {
        open.delete(exchange);
        return exchange.handlers.ended();
      }
      if (position < end) {
        exchange.handlers.piece(chunk({ content: wordAt(position) }, null));
        return speak(exchange, { position: position + 1, end, usage });
      }
      open.delete(exchange);
      exchange.handlers.piece(`${chunk({}, "stop")}${usage}data: [DONE]\n\n`);
      exchange.handlers.ended();
    });
  }

  return {
    url,
    traits,
    working: () => open.size,
    refused: () => refused,
    hang(hung: boolean) {
      state = hung ? "hung" : "well";
      const due = held;
      held = [];
      for (const act of due) act();
    },
    kill() {
      state = "gone";
      for (const exchange of [...open]) fail(exchange, { code: "broken", detail: "ECONNRESET" });
    },
    ail(next: Ailment) {
      ailment = next;
    },
    heal() {
      ailment = undefined;
      this.hang(false);
    },
    take(request: UpstreamRequest, handlers: UpstreamHandlers) {
      const exchange: Exchange = { handlers, cancel: () => {} };
      open.add(exchange);
      if (state === "gone") {
        timeline.at(timeline.now() + wireMs, () =>
          fail(exchange, { code: "unreachable", detail: "ECONNREFUSED" }),
        );
      } else later(exchange, wireMs, () => serve(exchange, request));
      return {
        abort() {
          exchange.cancel();
          open.delete(exchange);
        },
      };
    },
  };

  function fail(exchange: Exchange, fault: Parameters<UpstreamHandlers["failed"]>[0]): void {
    if (!open.delete(exchange)) return;
    exchange.cancel();
    exchange.handlers.failed(fault);
  }
}

/** From the gateway to a server, ms. */
const wireMs: Ms = 0.5;

interface Asked {
  readonly model: string;
  readonly messages: ReadonlyArray<{ readonly role: string; readonly content: string }>;
  readonly max_tokens: number;
  readonly stream: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
}

/** Words from one position to another, and what it says of tokens after them. */
interface Speech {
  readonly position: number;
  readonly end: number;
  readonly usage: string;
}

function wordAt(position: number): string {
  return `${position === 0 ? "" : " "}${position}:word`;
}

function wordsOf(count: number): string {
  return Array.from({ length: count }, (_, position) => wordAt(position)).join("");
}

/** Every word is a token. */
function usageOf(prompt: number, completion: number): string {
  const usage = {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
  };
  return `data: ${JSON.stringify({ id: "c", created: 1, choices: [], usage })}\n\n`;
}

function chunk(delta: object, finish: string | null): string {
  return `data: ${JSON.stringify({ id: "c", created: 1, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
}
