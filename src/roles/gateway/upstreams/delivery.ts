import type { Reply } from "../../../ports.ts";
import { editMembers, withMember } from "../../../protocol/json-edit.ts";
import {
  errorBody,
  type HoldfastEnd,
  type HoldfastStart,
  type Refusal,
  sseDone,
  sseEvent,
} from "../../../protocol/openai.ts";
import { countedToAnswer, cutChunkText } from "../../../protocol/openai-chunk.ts";
import type { RefusedResponse, StreamPiece } from "./attempt.ts";

/** What one event becomes on its way to the application. */
export interface Passing {
  /** Characters of its text that the application already holds. */
  readonly cut: number;
  /** It comes from another server than the answer's first events. */
  readonly foreign: boolean;
  /** Tokens of the answer that this server was given, and counts to the prompt. */
  readonly given?: number;
  readonly facts?: HoldfastStart | HoldfastEnd | (HoldfastStart & HoldfastEnd);
}

/**
 * Writes a stream to the application: events as they came, but for the `holdfast` object in a few, and the `id` and
 * `created` of the first speaker in those of its successors.
 */
export class StreamDelivery {
  readonly #reply: Reply;
  #out = "";
  #begun = false;
  #identity: { id: string; created: string } | undefined;

  constructor(reply: Reply) {
    this.#reply = reply;
  }

  get begun(): boolean {
    return this.#begun;
  }

  pass(piece: StreamPiece, { cut, foreign, given = 0, facts }: Passing): void {
    this.#begun = true;
    if (this.#identity === undefined && piece.facts?.id !== undefined) {
      const { id, created } = piece.facts;
      this.#identity = { id: JSON.stringify(id), created: JSON.stringify(created ?? 0) };
    }
    if (piece.data === undefined || (cut === 0 && !foreign && facts === undefined)) {
      this.#out += piece.raw;
      return;
    }
    let data = cut === 0 ? piece.data : cutChunkText(piece.data, cut);
    if (foreign && this.#identity !== undefined) data = editMembers(data, this.#identity);
    if (given > 0 && piece.facts?.usage === true) data = countedToAnswer(data, given);
    if (facts !== undefined) data = withMember(data, "holdfast", JSON.stringify(facts));
    this.#out += sseEvent(data.replaceAll("\n", " "));
  }

  flush(): void {
    if (this.#out === "") return;
    this.#reply.stream();
    this.#reply.write(this.#out);
    this.#out = "";
  }

  done(): void {
    this.#out += sseDone;
    this.flush();
    this.#reply.end();
  }

  /** The application's own mistake, in the upstream's own words. */
  relay({ status, body, contentType }: RefusedResponse): void {
    this.#reply.text(status, body, { "content-type": contentType });
  }

  /** After a stream has begun: an unnamed error event and no [DONE]. Before: a plain refusal. */
  fail(refusal: Refusal): void {
    if (!this.#begun) return this.#reply.refuse(refusal);
    this.#out += sseEvent(errorBody(refusal));
    this.flush();
    this.#reply.end();
  }
}
