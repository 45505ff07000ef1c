import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SseSplitter } from "./sse.ts";

describe("server-sent events", () => {
  test("come out the same however the body was cut", () => {
    const body =
      ': hi\r\n\r\ndata: {"a":1}\r\n\r\nevent: error\ndata: x\ndata: y\n\n\n\rdata:[DONE]\n\n\r\rdata: half\r';
    fc.assert(
      fc.property(fc.array(fc.nat(body.length)), (cuts) => {
        const splitter = new SseSplitter(1000);
        const marks = [0, ...cuts.sort((a, b) => a - b), body.length];
        const events = marks.flatMap((mark, i) =>
          [splitter.push(body.slice(marks[i - 1] ?? 0, mark))].flat(),
        );
        expect(events).toEqual([
          { raw: ": hi\n\n", data: undefined, name: undefined },
          { raw: 'data: {"a":1}\n\n', data: '{"a":1}', name: undefined },
          { raw: "event: error\ndata: x\ndata: y\n\n", data: "x\ny", name: "error" },
          { raw: "data:[DONE]\n\n", data: "[DONE]", name: undefined },
        ]);
        expect(splitter.rest).toBe("data: half\r");
      }),
    );
  });

  test("without an end are bounded", () => {
    const splitter = new SseSplitter(10);
    expect(splitter.push("data: 123")).toEqual([]);
    expect(splitter.push("4567")).toBe("oversize");
  });
});
