import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PeerId } from "../ids.ts";
import { nextMove } from "./poll.ts";
import { agreementOf, comparableFirst, isDisputed, quorumOf, type Replica } from "./replication.ts";

let made = 0;
function replica(facts: Partial<Replica> = {}): Replica {
  made += 1;
  const peer = `peer ${made}` as PeerId;
  return { peer, operator: `operator ${made}`, profile: "p", stranger: false, output: "right", ...facts };
}

describe("replicas", () => {
  test("agree when a quorum of operators says the same, and name who says otherwise", () => {
    const [a, b, liar] = [replica(), replica(), replica({ output: "wrong" })];
    expect(agreementOf([a, liar], 2)).toBeUndefined();
    expect(isDisputed([a, liar])).toBe(true);
    expect(agreementOf([a, liar, b], 2)).toEqual({
      ...{ output: "right", by: [a.peer, b.peer], against: [liar.peer] },
    });
  });

  test("of one operator have one voice, and those without a stake none", () => {
    expect(agreementOf([replica({ operator: "one" }), replica({ operator: "one" })], 2)).toBeUndefined();
    expect(agreementOf([replica(), replica({ stranger: true })], 2)).toBeUndefined();
  });

  test("with other arithmetic neither agree nor disagree", () => {
    const [a, b, other] = [replica(), replica(), replica({ profile: "q", output: "other bits" })];
    expect(isDisputed([a, other])).toBe(false);
    expect(agreementOf([a, b, other], 2)).toMatchObject({ against: [] });
    expect(agreementOf([a, other], 2)).toBeUndefined();
  });

  test("that stand against each other with equal voices agree on nothing", () => {
    const two = () => [replica(), replica({ output: "wrong" })];
    expect(agreementOf([...two(), ...two()], 2)).toBeUndefined();
  });

  const replicas = fc.array(
    fc.record({
      operator: fc.constantFrom("a", "b", "c", "d", "e"),
      profile: fc.constantFrom("p", "q"),
      stranger: fc.boolean(),
      lies: fc.boolean(),
    }),
    { maxLength: 12 },
  );
  const madeOf = (facts: { operator: string; profile: string; stranger: boolean; lies: boolean }) =>
    replica({ ...facts, output: `${facts.lies ? "wrong" : "right"} ${facts.profile}` });

  test("never agree on a lie, nor blame an honest one, while fewer operators than the quorum lie", () => {
    fc.assert(
      fc.property(replicas, fc.integer({ min: 1, max: 4 }), (facts, quorum) => {
        const all = facts.map(madeOf);
        const liars = new Set(
          facts.filter(({ lies, stranger }) => lies && !stranger).map(({ operator }) => operator),
        );
        fc.pre(liars.size < quorum);
        const agreement = agreementOf(all, quorum);
        if (agreement === undefined) return;
        expect(agreement.output).toMatch(/^right/);
        for (const peer of agreement.against)
          expect(all.find((each) => each.peer === peer)?.output).toMatch(/^wrong/);
      }),
    );
  });

  test("come to the same in whatever order they answer", () => {
    fc.assert(
      fc.property(replicas, fc.integer({ min: 1, max: 4 }), (facts, quorum) => {
        // Two profiles may each hold a quorum; either of them is right, and the first is taken.
        const all = facts.map((each) => madeOf({ ...each, profile: "p" }));
        const sets = [all, all.toReversed()].map((order) => {
          const { output, by, against } = agreementOf(order, quorum) ?? {};
          return { output, by: by?.toSorted(), against: against?.toSorted() };
        });
        expect(sets[0]).toEqual(sets[1]);
      }),
    );
  });
});

describe("the next move", () => {
  const poll = { replicas: [], quorum: 2, unasked: 0, awaited: 0, late: 0, left: 5, strict: false };

  test("is to ask as many as the client wants, then to wait for them", () => {
    expect(nextMove({ ...poll, unasked: 3 })).toEqual({ kind: "ask", count: 3 });
    expect(nextMove({ ...poll, awaited: 3 })).toEqual({ kind: "wait" });
  });

  test("is to replace those who were lost, and those who differ, while anybody is left", () => {
    expect(nextMove({ ...poll, replicas: [replica()] })).toEqual({ kind: "ask", count: 1 });
    const split = [replica(), replica({ output: "wrong" })];
    expect(nextMove({ ...poll, replicas: split })).toEqual({ kind: "ask", count: 1 });
    expect(nextMove({ ...poll, replicas: split, left: 0 })).toEqual({ kind: "conclude" });
  });

  test("is to wait for one that is silent only while nothing else will do", () => {
    const late = { ...poll, late: 1, left: 0 };
    expect(nextMove(late).kind).toBe("wait");
    expect(nextMove({ ...late, replicas: [replica()] }).kind).toBe("conclude");
    expect(nextMove({ ...late, replicas: [replica()], strict: true }).kind).toBe("wait");
  });

  test("always ends: whoever has nobody left and nobody under way concludes or settles", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 6 }), fc.boolean(), (lies, strict) => {
        const replicas = lies.map((lie) => replica({ output: lie ? "wrong" : "right" }));
        expect(nextMove({ ...poll, replicas, strict, left: 0 }).kind).toMatch(/settle|conclude/);
      }),
    );
  });
});

test("those that can be compared with one another are asked first, in their order", () => {
  const items = ["p", "q", "q", "p", "p"].map((profile, at) => ({ profile, at, stranger: false }));
  expect(comparableFirst(items, 3).map(({ at }) => at)).toEqual([0, 3, 4, 1, 2]);
  expect(comparableFirst(items, 2).map(({ at }) => at)).toEqual([0, 3, 4, 1, 2]);
  const crowd = items.map((item) => ({ ...item, stranger: item.profile === "p" }));
  expect(comparableFirst(crowd, 3).map(({ at }) => at)).toEqual([1, 2, 0, 3, 4]);
  expect(quorumOf(3)).toBe(2);
  expect(quorumOf(2)).toBe(2);
});
