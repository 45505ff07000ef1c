import { isUtf8 } from "node:buffer";

/** Decodes a body piece by piece. A character cut in two waits for its rest; anything else invalid throws. */
export class TextPieces {
  #decoder: InstanceType<typeof TextDecoder> | undefined;

  push(piece: Buffer): string {
    // Nearly every piece ends at a character's end, and then the fast path is right.
    if (this.#decoder === undefined && isUtf8(piece)) return piece.toString("utf8");
    this.#decoder ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return this.#decoder.decode(piece, { stream: true });
  }

  /** Throws when the body ended inside a character. */
  end(): void {
    this.#decoder?.decode();
  }
}
