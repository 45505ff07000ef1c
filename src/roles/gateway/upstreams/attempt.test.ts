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
      ...{ id: 0, member, style: "flags", streaming: true },
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
