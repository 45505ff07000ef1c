import type { StreamPiece } from "./attempt.ts";

/** One event of a witnessed answer, and where its text stands in what its upstream told. */
interface Line {
  readonly piece: StreamPiece;
  readonly start: number;
  readonly end: number;
  readonly opaque: boolean;
}

/** What one upstream told of a witnessed answer, kept until it is agreed on. */
export class Script {
  #lines: Line[] = [];
  #chars = 0;
  #opaque = false;

  /** Keeps an event; returns the text it adds to the telling. After something other than text only the end counts. */
  add(piece: StreamPiece): string {
    const { text = "", opaque = false } = piece.facts ?? {};
    this.#opaque ||= opaque;
    const added = this.#opaque ? "" : text;
    this.#lines.push({ piece, start: this.#chars, end: this.#chars + added.length, opaque: this.#opaque });
    this.#chars += added.length;
    return added;
  }

  /**
   * Takes out the events up to the last one whose text ends by `upTo`, with how many of their characters stand before
   * `from`. Those without text after it wait for the next that has some.
   */
  take(from: number, upTo: number): Array<{ piece: StreamPiece; cut: number }> {
    const last = this.#lines.findLastIndex(({ start, end, opaque }) => start < end && end <= upTo && !opaque);
    return this.#out(from, this.#lines.splice(0, last + 1));
  }

  /** Takes out all there is. */
  takeAll(from: number): Array<{ piece: StreamPiece; cut: number }> {
    return this.#out(from, this.#lines.splice(0));
  }

  #out(from: number, lines: readonly Line[]): Array<{ piece: StreamPiece; cut: number }> {
    return lines
      .filter(({ start, end }) => start === end || end > from)
      .map(({ piece, start, end }) => ({ piece, cut: start === end ? 0 : Math.max(0, from - start) }));
  }
}
