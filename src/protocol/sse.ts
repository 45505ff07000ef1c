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
 * blank line was not received.
 */
export class SseSplitter {
  #rest = "";
  readonly #charsMax: number;

  constructor(charsMax: number) {
    this.#charsMax = charsMax;
  }

  /** What came after the last event. */
  get rest(): string {
    return this.#rest;
  }

  /** The events completed by `piece`, or "oversize" when one is longer than allowed. */
  push(piece: string): SseEvent[] | "oversize" {
    let text = this.#rest + piece;
    // A carriage return at the very end may be half of a line end: what follows it decides.
    const held = text.endsWith("\r") ? "\r" : "";
    if (text.includes("\r")) text = text.slice(0, text.length - held.length).replace(/\r\n?/g, "\n");
    const events: SseEvent[] = [];
    let from = 0;
    let to = text.indexOf("\n\n");
    while (to !== -1) {
      const raw = text.slice(from, to + 2);
      if (raw.length > 2) events.push(parseEvent(raw));
      from = to + 2;
      to = text.indexOf("\n\n", from);
    }
    this.#rest = (from === 0 ? text : text.slice(from)) + held;
    return this.#rest.length > this.#charsMax ? "oversize" : events;
  }
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
