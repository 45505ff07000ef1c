import { expect, test } from "vitest";
import type { Clock, UpstreamHandlers } from "../../../ports.ts";
import { limits } from "../../../protocol/limits.ts";
import { Attempt } from "./attempt.ts";
import { Member, rhythmsUnknown } from "./member.ts";

test("an error that does not end is the upstream's own, hung up on, and never passed on as if it were whole", () => {
  const heard: string[] = [];
  let hungUp = false;
  const clock: Clock = { now: () => 0, wall: () => 0, after: () => () => {} };
  const upstreams = {
    send: (_: unknown, handlers: UpstreamHandlers) => {
      handlers.answered(400, { "content-type": "application/json" });
      return {
        abort() {
          hungUp = true;
        },
      };
    },
    close: async () => {},
  };
  const member = new Member({ name: "a", url: "http://a/v1", forwardAuth: false }, rhythmsUnknown());
  const attempt = new Attempt(
    { upstreams, clock },
    {
      ...{ id: 0, member, style: "flags", streaming: true, choices: 1 },
      plan: { how: "fresh", prefix: "", overlap: "" },
    },
    {
      content: () => heard.push("content"),
      filler: () => heard.push("filler"),
      flush: () => heard.push("flush"),
      complete: () => heard.push("complete"),
      refused: () => heard.push("refused"),
      lost: (_, { code }) => heard.push(code),
    },
  );
  attempt.send({ method: "POST", url: "http://a/v1/chat/completions", headers: {}, body: "{}" });
  const opening = '{"error":{"message":"';
  attempt.piece(opening + "x".repeat(limits.upstreamErrorCharsMax - opening.length));
  expect(heard).toEqual([]);
  attempt.piece("x");
  expect(heard).toEqual(["garbage"]);
  expect(hungUp).toBe(true);
  expect(member.running).toBe(0);
});

const finish = (index: number) => choice({ index, delta: {}, finish_reason: "stop" });
const choice = (given: object) => `data: ${JSON.stringify({ choices: [given] })}\n\n`;
const word = (index: number) => choice({ index, delta: { content: "word" }, finish_reason: null });
const usage = 'data: {"choices":[],"usage":{"total_tokens":3}}\n\n';

/** What is made of a stream that says this of so many choices; `wait` lets all time pass that is waited for. */
function readsAs(choices: number, stream: string, how: "ended" | "wait" | "goes on") {
  const heard: string[] = [];
  const timers: Array<() => void> = [];
  const clock: Clock = {
    now: () => 0,
    wall: () => 0,
    after(_, run) {
      timers.push(run);
      return () => timers.splice(timers.indexOf(run), 1);
    },
  };
  const member = new Member({ name: "a", url: "http://a/v1", forwardAuth: false }, rhythmsUnknown());
  const attempt = new Attempt(
    { clock, upstreams: { send: () => ({ abort: () => {} }), close: async () => {} } },
    {
      ...{ id: 0, member, style: "flags", streaming: true, choices },
      plan: { how: "fresh", prefix: "", overlap: "" },
    },
    {
      content: () => heard.push("word"),
      filler: () => heard.push("filler"),
      flush: () => {},
      complete: (_, { held }) => {
        heard.push("end");
        for (const { facts } of held) heard.push(facts?.usage ? "usage" : `finish ${facts?.ends}`);
      },
      refused: () => heard.push("refused"),
      lost: (_, { code }) => heard.push(code),
    },
  );
  attempt.send({ method: "POST", url: "http://a/v1/chat/completions", headers: {}, body: "{}" });
  attempt.answered(200, { "content-type": "text/event-stream" });
  attempt.piece(stream);
  if (how === "ended") attempt.ended();
  while (how === "wait" && timers.length > 0) timers.pop()!();
  return heard;
}

const both = `${word(0)}${word(1)}${finish(0)}`;

test.each([
  ["every choice's end is the answer's", 1, word(0) + finish(0), "ended", ["word", "end", "finish 0"]],
  ["also when the body hangs after it", 1, word(0) + finish(0), "wait", ["word", "end", "finish 0"]],
  ["but time is left to say how much it was", 1, word(0) + finish(0), "goes on", ["word"]],
  ["one choice's is not another's", 2, both, "ended", ["word", "word", "cut"]],
  ["which is waited for", 2, both, "wait", ["word", "word"]],
  [
    "what comes for a choice after its end is left out, counts are not",
    ...([1, word(0) + finish(0) + word(0) + finish(0) + usage, "ended"] as const),
    ["word", "end", "finish 0", "usage"],
  ],
  [
    "and the others go on",
    ...([2, both + word(0) + word(1) + finish(1), "ended"] as const),
    ["word", "word", "word", "end", "finish 0", "finish 1"],
  ],
] as const)("%s", (_, choices, stream, how, heard) => {
  expect(readsAs(choices, stream, how)).toEqual(heard);
});
