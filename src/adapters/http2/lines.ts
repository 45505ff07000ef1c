import { isUtf8 } from "node:buffer";

/** Where a stream of bytes is cut into messages. `push` returns what is wrong with them, after which it is done. */
export interface LineSplitter {
  push(bytes: Buffer, line: (text: string) => void): string | undefined;
}

const newline = 0x0a;
const empty = Buffer.alloc(0);

/**
 * Splits newline-delimited UTF-8. No byte is searched twice, and no line grows beyond `bytesMax`, wherever its
 * pieces were cut in transit: pieces are copied into one buffer that doubles, so that a megabyte in frames of one
 * byte costs a megabyte, not a million small objects.
 */
export function createLineSplitter(bytesMax: number): LineSplitter {
  let store = empty;
  let held = 0;

  function hold(piece: Buffer): void {
    if (held + piece.length > store.length) {
      const larger = Buffer.allocUnsafe(Math.max(4096, 2 * store.length, held + piece.length));
      store.copy(larger, 0, 0, held);
      store = larger;
    }
    held += piece.copy(store, held);
  }

  return {
    push(bytes, line) {
      let from = 0;
      while (from < bytes.length) {
        const at = bytes.indexOf(newline, from);
        let whole = bytes.subarray(from, at === -1 ? bytes.length : at);
        if (held + whole.length > bytesMax) return `a message is longer than ${bytesMax} bytes`;
        if (at === -1) {
          hold(whole);
          return undefined;
        }
        if (held > 0) {
          hold(whole);
          whole = store.subarray(0, held);
          store = empty;
          held = 0;
        }
        if (!isUtf8(whole)) return "a message is not UTF-8";
        line(whole.toString("utf8"));
        from = at + 1;
      }
      return undefined;
    },
  };
}
