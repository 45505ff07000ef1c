import { describe, expect, test } from "vitest";
import { rhythmUnknown } from "../../../domain/inference/rhythm.ts";
import { Member, rhythmsUnknown } from "./member.ts";

const create = () => new Member({ name: "a", url: "http://a/v1", forwardAuth: false }, rhythmsUnknown());
const reset = { code: "broken", detail: "reset" } as const;

describe("the condition of an upstream", () => {
  test("is unknown until it lists its models or is asked for an answer", () => {
    const member = create();
    expect(member.condition).toEqual({ state: "unknown", reason: null });
    member.listFault = { reason: "status 404", away: false, at: 0 };
    expect(member.condition).toEqual({ state: "unknown", reason: "/models: status 404" });
    member.endedWell(1, rhythmUnknown);
    expect(member.condition).toEqual({ state: "well", reason: null });
  });

  test("is what its last answer says, whether it lists its models or not", () => {
    const member = create();
    member.catalogue = new Set(["m"]);
    expect(member.condition.state).toBe("well");
    member.faulted(reset, 0, 1);
    member.faulted({ code: "busy", detail: "status 429" }, 1, 1);
    expect(member.condition).toEqual({ state: "failing", reason: "broken (reset)" });
    member.endedWell(2, rhythmUnknown);
    expect(member.condition.state).toBe("well");
    member.faulted({ code: "busy", detail: "status 429" }, 3, 4);
    expect(member.condition.state).toBe("well");
  });

  test("is failing when nobody was there after it was last heard", () => {
    const member = create();
    member.listFault = { reason: "unreachable (ECONNREFUSED)", away: true, at: 5 };
    expect(member.condition).toEqual({ state: "failing", reason: "unreachable (ECONNREFUSED)" });
    member.heard(6);
    member.endedWell(6, rhythmUnknown);
    expect(member.condition.state).toBe("well");
  });
});
