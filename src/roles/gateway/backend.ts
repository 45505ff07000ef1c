import type { Refusal } from "../../protocol/openai.ts";

/**
 * What stands behind the gateway's HTTP face: the open network, or a list of plain upstreams. The face has checked
 * size, method, path and that the body is a JSON object with a `model`; everything else is the backend's to judge.
 */
export interface Backend {
  models(): readonly ModelCard[];
  /** Answers one call, streaming or not, through its `reply`. Never throws; a failure is an answer too. */
  answer(call: Call): void;
  /** Facts for `GET /holdfast/status`, merged into the answer. */
  status(): Record<string, unknown>;
  close(): Promise<void>;
}

export interface ModelCard {
  readonly id: string;
  readonly ownedBy: string;
  /** Extra facts, shown under `holdfast`. */
  readonly facts?: Record<string, unknown>;
}

export interface Call {
  readonly endpoint: "chat/completions" | "completions";
  readonly body: Readonly<Record<string, unknown>> & { readonly model: string };
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly reply: Reply;
}

/** One HTTP answer. Calls after the application hung up are ignored. */
export interface Reply {
  /** Refuses before anything was sent. */
  refuse(refusal: Refusal): void;
  /** A whole JSON body. */
  json(status: number, body: unknown, headers?: Record<string, string>): void;
  /** Begins a server-sent event stream. */
  stream(headers?: Record<string, string>): void;
  /** A piece of the stream begun, as it stands. */
  write(text: string): void;
  end(): void;
  /** The application hung up (not called after `end`). At most one listener. */
  onAbort(listener: () => void): void;
}
