/**
 * Every seam between Holdfast and the outside world, on one page. `adapters/` answers each with a real thing,
 * `simulator/` with a double, and `roles/` cannot tell which.
 */
import type { Vocabulary } from "./domain/grammar/vocabulary.ts";
import type { Address, JobId, ModelId, Ms, PeerId, SessionKey, TokenId } from "./domain/ids.ts";
import type { Prompt } from "./domain/inference/spec.ts";
import type { Classes } from "./domain/verification/classes.ts";
import type { Hex32 } from "./domain/verification/committee.ts";
import type { Candidate } from "./domain/verification/sampler.ts";
import type { Order, Word } from "./protocol/attempt.ts";
import type { Offer } from "./protocol/offer.ts";
import type { Refusal } from "./protocol/openai.ts";

// ---------------------------------------------------------------- time, chance, words

export interface Clock {
  /** Monotonic, ms. */
  now(): Ms;
  /** Unix time, ms. For what others will read (offers); never for measuring. */
  wall(): number;
  /** Runs once, later. Returns what cancels it. */
  after(delay: Ms, run: () => void): () => void;
}

export interface Random {
  bytes(length: number): Uint8Array;
}

/** Structured events. Facts never hold prompts, answers or keys. */
export interface Log {
  debug(event: string, facts?: Record<string, unknown>): void;
  info(event: string, facts?: Record<string, unknown>): void;
  warn(event: string, facts?: Record<string, unknown>): void;
  error(event: string, facts?: Record<string, unknown>): void;
}

// ---------------------------------------------------------------- keys

/** The session key that an offer vouches for. Synchronous: it is on the hot path. */
export interface Signer {
  readonly sessionKey: SessionKey;
  /** Ed25519, base64. */
  sign(bytes: Uint8Array): string;
}

export type Verify = (key: SessionKey, bytes: Uint8Array, signature: string) => boolean;

/** Numbers for a node's statements. Each is given once, whatever becomes of the process: it is reserved on disk before. */
export interface Sequence {
  next(): number;
}

// ---------------------------------------------------------------- network

/** One attempt's two-way stream of messages; see protocol/attempt.ts. Order is kept, nothing is duplicated. */
export interface Channel<Out> {
  send(message: Out): void;
  /** Ends the attempt. The other side stops working on it at once. No callback follows. */
  close(): void;
}

export interface ChannelHandlers<In> {
  message(message: In): void;
  /** Once, and last. Without an in-band end marker before it, it means the attempt was lost. */
  closed(cause: ChannelEnd): void;
}

export interface ChannelEnd {
  readonly code:
    | "closed" // the other side ended it
    | "broken" // reset, connection lost
    | "unreachable" // never connected: refused, no route, connect budget spent
    | "impostor" // another certificate than the offer's; nothing was sent
    | "garbage" // not the protocol: bad JSON, schema, oversize
    | "silent"; // heartbeats unanswered
  readonly detail: string;
}

/** Gateway's side of the data plane. Connections are kept and shared between attempts. */
export interface Dialer {
  /** Returns at once; messages sent before the connection stands are queued. */
  open(offer: Offer, handlers: ChannelHandlers<Word>): Channel<Order>;
  close(): Promise<void>;
}

/** Provider's side of the data plane. */
export interface Listener {
  onAttempt(accept: (channel: Channel<Word>, remote: string) => ChannelHandlers<Order>): void;
  close(): Promise<void>;
}

/** What is known of who offers what. Everything that comes out of it was checked: size, schema, signature, times. */
export interface Market {
  /** Puts this node's offer up and keeps it standing, renewed before it expires, until another replaces it. */
  publish(offer: Omit<Offer, "seq" | "peer" | "address" | "issuedAt" | "expiresAt">): Promise<void>;
  /** Those that stand now, then each valid offer newer than the last of its peer; own ones excluded. */
  onOffer(listener: (offer: Offer) => void): void;
  /** Peers the control plane sees as gone. A hint: the data plane may still reach them. */
  onGone(listener: (peer: PeerId) => void): void;
  /** The offer of this peer that stands, as it was signed (JSON); for receipts. */
  signedOf(peer: PeerId): string | undefined;
}

// ---------------------------------------------------------------- the application

/** One HTTP request of the application: read whole, within the limits, valid UTF-8. */
export interface HttpRequest {
  /** Named in the answer's `x-request-id` header. */
  readonly id: string;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  /** The address it came from. */
  readonly remote?: string;
}

/** One HTTP answer. Calls after the application hung up, or after the answer's end, are ignored. */
export interface Reply {
  /** Refuses before anything was sent. */
  refuse(refusal: Refusal): void;
  /** A whole JSON body. */
  json(status: number, body: unknown, headers?: Record<string, string>): void;
  /** A whole body that is already text, as it stands; JSON unless the headers say otherwise. */
  text(status: number, body: string, headers?: Record<string, string>): void;
  /** Begins a server-sent event stream. */
  stream(headers?: Record<string, string>): void;
  /** A piece of the stream begun, as it stands. */
  write(text: string): void;
  end(): void;
  /** The application hung up (not called after `end`). At most one listener. */
  onAbort(listener: () => void): void;
}

export type HttpHandler = (request: HttpRequest, reply: Reply) => void;

// ---------------------------------------------------------------- plain upstreams

/** HTTP to servers that speak the OpenAI API. Redirects are never followed: a key goes only where it was meant for. */
export interface Upstreams {
  /** Returns at once; no handler is called before. */
  send(request: UpstreamRequest, handlers: UpstreamHandlers): UpstreamExchange;
  close(): Promise<void>;
}

export interface UpstreamRequest {
  readonly method: "GET" | "POST";
  /** `http:` or `https:`, without credentials. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface UpstreamHandlers {
  answered(status: number, headers: Readonly<Record<string, string | string[] | undefined>>): void;
  /** Text of the body as it arrives; whole characters. */
  piece(text: string): void;
  /** The body ended as HTTP says it should. Whether the answer is complete is for the caller to judge. */
  ended(): void;
  /** Instead of `ended`, or before `answered`. */
  failed(fault: UpstreamFault): void;
}

export interface UpstreamFault {
  readonly code: "unreachable" | "broken" | "garbage";
  readonly detail: string;
}

export interface UpstreamExchange {
  /** Closes the exchange so that the upstream notices; no handler is called any more. */
  abort(): void;
}

// ---------------------------------------------------------------- engines

/** An engine that shows its logits: it can speak, witness and resume, token for token. */
export interface TokenEngine {
  readonly kind: "token";
  readonly model: ModelId;
  readonly name: string;
  readonly contextTokens: number;
  /** Sequences it holds at once. */
  readonly slots: number;
  readonly profile: string;
  /** What its tokens are made of. One without it cannot hold an answer to a schema. */
  readonly vocabulary?: Vocabulary;
  /** Of what another says it looks at some positions only. */
  readonly sampled?: true;
  /** It is of a kind that was never tried as it is usually run. */
  readonly unverified?: true;
  /**
   * Throws HoldfastError `context-overflow` (fault user) or `busy`; never shifts or cuts the prompt. Aborted, it throws
   * and takes no sequence: nobody waits for the answer any more.
   */
  open(prompt: Prompt, tokensMax: number, signal?: AbortSignal): Promise<TokenSequence>;
  close(): Promise<void>;
}

/** One prompt and the answer after it, as the engine holds them. Calls are made one at a time. */
export interface TokenSequence {
  readonly promptIds: readonly TokenId[];
  /**
   * Appends `ids` and returns, for each of them, the candidates at its position: the 64 largest raw logits, largest
   * first, ties by lower id. At most `chunkTokensMax` ids; none evaluates the prompt, so that a follower is warm before
   * the first chunk. When it throws (abort included), nothing was appended. An id that is no token of the model is
   * taken as any other: it has no text, never ends the answer, and its logit is −∞. `next` are ids that wait to be
   * judged after these: an engine may evaluate some of them along, which is cheaper than one after the other. An empty list
   * is a position that a `sampled` engine did not look at.
   */
  judge(ids: readonly TokenId[], signal: AbortSignal, next?: readonly TokenId[]): Promise<Candidate[][]>;
  /** Appends `ids` (often none or one) and returns the candidates for the position after them. */
  next(ids: readonly TokenId[], signal: AbortSignal): Promise<Candidate[]>;
  /** Logits of ids at an answer position that are not among the candidates, one each; costs a re-evaluation. */
  logitsOf(position: number, ids: readonly TokenId[], signal: AbortSignal): Promise<number[]>;
  /** Keeps the first `length` tokens of the answer and forgets the rest. */
  keep(length: number): Promise<void>;
  /** The bytes these answer tokens stand for, special tokens as nothing. `before`: the answer up to them. */
  text(ids: readonly TokenId[], before: readonly TokenId[]): string;
  /** Is this an end-of-generation token of the model? */
  ends(id: TokenId): boolean;
  close(): void;
}

/** An engine that only gives text (any OpenAI-compatible server). Its tokens are the text's Unicode code points. */
export interface TextEngine {
  readonly kind: "text";
  readonly model: ModelId;
  readonly name: string;
  readonly contextTokens: number;
  readonly slots: number;
  readonly profile: string;
  /** Can it go on from an answer begun elsewhere (assistant prefill)? */
  readonly resume: boolean;
  /** Streams the answer after `begun`. Throws HoldfastError; ends with how the server said it ended. */
  speak(
    request: {
      prompt: Prompt;
      begun: string;
      tokensMax: number;
      temperature: number;
      topP: number;
      seed: string;
    },
    signal: AbortSignal,
  ): AsyncGenerator<string, "stop" | "length">;
  close(): Promise<void>;
}

/**
 * An engine that turns a text into a vector: the same bits wherever its profile is the same. A classifier is one too,
 * whose vectors are logits.
 */
export interface EmbeddingEngine {
  readonly kind: "embedding";
  readonly model: ModelId;
  readonly name: string;
  /** Longest text, tokens. */
  readonly contextTokens: number;
  /** Requests it takes at once; it works on one text at a time. */
  readonly slots: number;
  readonly profile: string;
  readonly dimensions: number;
  /** What the numbers are about, where they are a classifier's; else they are a direction, of length 1. */
  readonly classes?: Classes;
  /**
   * The vector of one text, which no other text has any part in. Throws HoldfastError `context-overflow`
   * (fault user); never cuts the text.
   */
  embed(text: string, signal: AbortSignal): Promise<Embedding>;
  close(): Promise<void>;
}

export interface Embedding {
  readonly values: Float32Array;
  /** Tokens of the text. */
  readonly tokens: number;
}

/** What gives an answer in words. */
export type SpeakingEngine = TokenEngine | TextEngine;
export type Engine = SpeakingEngine | EmbeddingEngine;

// ---------------------------------------------------------------- chain

/** What a gateway knows from the chain; the last knowledge stands while the chain is away. */
export interface Chain {
  /** Stake of a node, smallest unit; 0 when unknown or not registered. */
  stakeOf(node: Address): bigint;
  /** Registered model digests. */
  isRegistered(model: ModelId): boolean;
  /** Wall time of the last successful read, ms; undefined before the first. */
  freshAt(): number | undefined;
}

/** What draws committees: blocks later than what is judged, and stakes as they were before; as most endpoints have them. */
export interface Beacons {
  /** The highest block that most endpoints have. Undefined while the chain is away. */
  head(): Promise<number | undefined>;
  /** A block's hash, and its time as Unix ms. Undefined while most endpoints do not have it, or not the same. */
  block(number: number): Promise<{ readonly hash: Hex32; readonly at: number } | undefined>;
  /** Stakes at the end of a block that is over, of these nodes in the order asked, and of all nodes together. */
  weights(nodes: readonly Address[], block: number): Promise<Weights | undefined>;
}

/** Smallest unit. */
export interface Weights {
  readonly stakes: readonly bigint[];
  readonly total: bigint;
}

// ---------------------------------------------------------------- disk

/** Receipts of answers, or what a node must be able to open later; one text for each job. The oldest go first. */
export interface Receipts {
  /** Returns at once, and replaces what there was of this job. What cannot be kept is dropped, and logged. */
  put(job: JobId, receipt: string): void;
  /** Resolves once what was last put of this job is on disk; with false where it could not be kept. */
  written(job: JobId): Promise<boolean>;
  get(job: JobId): Promise<string | undefined>;
  /** Oldest first. */
  jobs(): JobId[];
  drop(job: JobId): void;
  close(): Promise<void>;
}

/** Small durable facts of one node. A write is on disk when `put` returns. */
export interface Store {
  get(key: string): string | undefined;
  put(key: string, value: string): void;
  entries(prefix: string): Array<[key: string, value: string]>;
  delete(key: string): void;
  close(): void;
}
