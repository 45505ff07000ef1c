/** One server-sent event. */
export interface SseEvent {
  /** Its lines as they came (line ends made `\n`), with the blank line after it. */
  readonly raw: string;
  /** `data:` lines joined; undefined for a comment. */
  readonly data: string | undefined;
  readonly name: string | undefined;
}

/**
 * Cuts a body into server-sent events as its pieces arrive, in whatever sizes. An event that is not closed by a
 * blank line was not received. No character is searched twice, so that an event in pieces of one byte costs what it
 * costs whole.
 */
export class SseSplitter {
  /** What came after the last event, its line ends made `\n`. Only ever added to: it is put together when it is read. */
  #open = "";
  /** Does that end a line? Then one more line end closes the event. */
  #lineEnded = false;
  /** A carriage return at the very end may be half of a line end: what follows it decides. */
  #held = "";
  readonly #charsMax: number;

  constructor(charsMax: number) {
    this.#charsMax = charsMax;
  }

  /** What came after the last event. */
  get rest(): string {
    return this.#open + this.#held;
  }

  /** The events completed by `piece`, or "oversize" when one is longer than allowed. */
  push(piece: string): SseEvent[] | "oversize" {
    const text = this.#normalized(piece);
    const events: SseEvent[] = [];
    let from = 0;
    let to = this.#lineEnded && text.startsWith("\n") ? 1 : endOfEvent(text, 0);
    while (to !== 0) {
      const raw = this.#open + text.slice(from, to);
      if (raw.length > 2) events.push(parseEvent(raw));
      this.#open = "";
      from = to;
      to = endOfEvent(text, from);
    }
    if (from < text.length) {
      this.#open += from === 0 ? text : text.slice(from);
      this.#lineEnded = text.endsWith("\n");
    } else if (from > 0) this.#lineEnded = false;
    return this.#open.length + this.#held.length > this.#charsMax ? "oversize" : events;
  }

  #normalized(piece: string): string {
    if (this.#held === "" && !piece.includes("\r")) return piece;
    const text = this.#held + piece;
    this.#held = text.endsWith("\r") ? "\r" : "";
    return text.slice(0, text.length - this.#held.length).replace(/\r\n?/g, "\n");
  }
}

/** Where the first event ends that has its blank line at `from` or later; 0 when none does. */
function endOfEvent(text: string, from: number): number {
  const at = text.indexOf("\n\n", from);
  return at === -1 ? 0 : at + 2;
}

function parseEvent(raw: string): SseEvent {
  // Nearly every event is one `data:` line.
  if (raw.startsWith("data:") && raw.indexOf("\n") === raw.length - 2) {
    return { raw, data: raw.slice(raw[5] === " " ? 6 : 5, -2), name: undefined };
  }
  const data: string[] = [];
  let name: string | undefined;
  for (const line of raw.split("\n")) {
    if (line.startsWith("data:")) data.push(line.slice(line[5] === " " ? 6 : 5));
    else if (line.startsWith("event:")) name = line.slice(6).trim();
  }
  return { raw, data: data.length === 0 ? undefined : data.join("\n"), name };
}
