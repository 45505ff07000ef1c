import type { JobId, TokenId } from "../../domain/ids.ts";
import type { Chunk } from "../../domain/inference/chunk.ts";
import { transcriptNext, transcriptStart } from "../../domain/inference/transcript.ts";

/** The answer as one provider holds it: every chunk, its own or shown, and the transcript digest after each. */
export interface Answer {
  readonly ids: readonly TokenId[];
  readonly text: string;
  readonly end: number;
  /** Digest a chunk at the end of this answer must be signed over. */
  digestAfter(chunk: Omit<Chunk, "signature">): Uint8Array;
  append(chunk: Omit<Chunk, "signature">): void;
  /** Digest after the chunk that ends at `end`; before any chunk it is the prompt's. Undefined where none ends. */
  digestAt(end: number): Uint8Array | undefined;
  /** Forgets every chunk that starts at `to` or later. `to` is a chunk's start. */
  drop(to: number): void;
}

export function createAnswer(job: JobId, promptDigest: string): Answer {
  const start = transcriptStart(job, promptDigest);
  let ids: TokenId[] = [];
  let text = "";
  let chunks: Array<{ start: number; textLength: number; digest: Uint8Array }> = [];
  /** Whoever checks or makes a signature appends the chunk next: the digest is the same. */
  let latest: { chunk: object; digest: Uint8Array } | undefined;
  const digestAfter = (chunk: Omit<Chunk, "signature">) => {
    const digest = transcriptNext(chunks.at(-1)?.digest ?? start, chunk);
    latest = { chunk, digest };
    return digest;
  };
  return {
    get ids() {
      return ids;
    },
    get text() {
      return text;
    },
    get end() {
      return ids.length;
    },
    digestAfter,
    digestAt(end) {
      const next = chunks.findIndex((chunk) => chunk.start >= end);
      const last = next < 0 ? chunks.length - 1 : next - 1;
      const at = chunks[next]?.start ?? ids.length;
      return at === end ? (chunks[last]?.digest ?? start) : undefined;
    },
    append(chunk) {
      const digest = latest?.chunk === chunk ? latest.digest : digestAfter(chunk);
      latest = undefined;
      chunks.push({ start: chunk.start, textLength: text.length, digest });
      ids.push(...chunk.ids);
      text += chunk.text;
    },
    drop(to) {
      const from = chunks.findIndex((chunk) => chunk.start >= to);
      latest = undefined;
      if (from < 0) return;
      text = text.slice(0, chunks[from]!.textLength);
      chunks = chunks.slice(0, from);
      ids = ids.slice(0, to);
    },
  };
}
