import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Malformed, ResponseReader } from "./response.ts";

/** What a reader makes of these bytes, given in pieces of these sizes; the last size is used over and over. */
function read(text: string, sizes: readonly number[] = [text.length]) {
  const heard = { statuses: [] as number[], headers: {}, body: "", ends: [] as boolean[] };
  const reader = new ResponseReader({
    answered(status, headers) {
      heard.statuses.push(status);
      heard.headers = { ...headers };
    },
    piece: (bytes) => {
      heard.body += bytes.toString("latin1");
    },
    ended: (reusable) => heard.ends.push(reusable),
  });
  const bytes = Buffer.from(text, "latin1");
  for (let at = 0, count = 0; at < bytes.length; count++) {
    const size = Math.max(1, sizes[Math.min(count, sizes.length - 1)]!);
    // As a connection's memory is: overwritten by what comes next.
    const piece = Buffer.from(bytes.subarray(at, at + size));
    reader.push(piece);
    piece.fill(0x3f);
    at += size;
  }
  return { ...heard, reader };
}

const lengthy = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\nx-a:\t2 \r\n\r\nhello";
const chunked =
  "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n \r\nA\r\nbeautiful!\r\n0\r\nx: y\r\n\r\n";

describe("an answer is read whole in whatever pieces it comes", () => {
  test.each([
    [lengthy, "hello", { "content-length": "5", "x-a": ["1", "2"] }],
    [chunked, "hello beautiful!", { "transfer-encoding": "Chunked" }],
    [`HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${lengthy}`, "hello", {}],
    ["HTTP/1.1 204 \r\n\r\n", "", {}],
    ["HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n", "", {}],
  ])("%j", (text, body, headers) => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 }), (sizes) => {
        const heard = read(text, sizes);
        expect(heard).toMatchObject({ body, headers, ends: [true] });
        expect(heard.statuses.length).toBe(1);
      }),
      { numRuns: 60 },
    );
  });
});

test("one after another is read from the same connection, and bytes beyond an end make it unfit for more", () => {
  const { reader, ...heard } = read(lengthy);
  reader.push(Buffer.from(chunked));
  expect(heard.ends).toEqual([true, true]);
  expect(read(`${lengthy}HTTP/1.1`).ends).toEqual([false]);
  expect(read(`${chunked}!`).ends).toEqual([false]);
});

test("a server that closes is believed about keeping the connection, and about where a body ends", () => {
  const closing = lengthy.replace("X-A", "Connection: close\r\nX-A");
  expect(read(closing).ends).toEqual([false]);
  expect(read(lengthy.replace("/1.1", "/1.0")).ends).toEqual([false]);
  const { reader, ...heard } = read("HTTP/1.1 200 OK\r\n\r\nhello");
  expect(heard).toMatchObject({ body: "hello", ends: [] });
  expect(reader.closed()).toBe(true);
  expect(heard.ends).toEqual([false]);
  expect(read(lengthy.slice(0, -1)).reader.closed()).toBe(false);
  expect(read(chunked.slice(0, -1)).reader.closed()).toBe(false);
});

test("who stops listening hears nothing more", () => {
  let pieces = 0;
  const reader: ResponseReader = new ResponseReader({
    answered: () => {},
    piece: () => {
      pieces += 1;
      reader.stop();
    },
    ended: () => expect.unreachable(),
  });
  reader.push(Buffer.from(chunked));
  reader.push(Buffer.from("more"));
  expect(pieces).toBe(1);
});

test.each([
  ["another protocol", "SSH-2.0-OpenSSH\r\n\r\n"],
  ["an upgrade", "HTTP/1.1 101 Switching\r\n\r\n"],
  ["a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"],
  ["HTTP/2 in letters", "HTTP/2 200\r\n\r\n"],
  ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n"],
  ["a length beside chunks", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n"],
  ["a negative length", "HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n"],
  ["a list of lengths", "HTTP/1.1 200 OK\r\ncontent-length: 5, 5\r\n\r\n"],
  ["an encoding nobody asked for", "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n"],
  ["a folded line", "HTTP/1.1 200 OK\r\nx: a\r\n b\r\n\r\n"],
  ["a blank before the colon", "HTTP/1.1 200 OK\r\ncontent-length : 5\r\n\r\n"],
  ["a line without a colon", "HTTP/1.1 200 OK\r\nhello\r\n\r\n"],
  ["no chunk size", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nhello\r\n"],
  ["a chunk size that is none", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-5\r\n"],
  ["a huge chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n123456789\r\n"],
  ["a chunk longer than it says", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhello\r\n"],
  ["a head without an end", `HTTP/1.1 200 OK\r\nx: ${"y".repeat(70_000)}`],
  [
    "a chunk line without an end",
    `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;${"y".repeat(70_000)}`,
  ],
  [
    "a trailer without an end",
    `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n${"a: b\r\n".repeat(20_000)}`,
  ],
])("%s is malformed", (_, text) => {
  expect(() => read(text)).toThrow(Malformed);
  expect(() => read(text, [7, 1, 64, 1000])).toThrow(Malformed);
});
