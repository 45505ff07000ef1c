import fc from "fast-check";
import { expect, test } from "vitest";
import {
  answerOf,
  commitMs,
  createPerson,
  leavesOf,
  type Person,
  rulingRules,
  secrets,
} from "../../../test/rigs/committee.ts";
import type { Address } from "../ids.ts";
import type { Verdict } from "../inference/effect.ts";
import { type CommitSet, secretHash } from "./committee.ts";
import { type ConvenerEffect, type ConvenerEvent, convene, convenerStep } from "./convener.ts";
import { isPromised, roundsMax } from "./rounds.ts";
import { isUndecided } from "./undecided.ts";

/** A committee that comes to no verdict, and meets again with one more witness who is honest. */

const tokens = 40;
const answer = answerOf(tokens);
const rules = { ...rulingRules, commitMs };

/** What a witness does beside an executor that serves the model, or another one. */
const manners = ["honest", "lazy", "copying", "dissenting", "closed", "mute"] as const;
type Manner = (typeof manners)[number];

interface Part {
  readonly manner: Manner;
  readonly person: Person;
  readonly model: number;
  readonly verdict: Verdict;
}

function partOf(manner: Manner, at: number, executorModel: number): Part {
  const model = manner === "lazy" ? 50 + at : manner === "copying" ? executorModel : 1;
  const right: Verdict = executorModel === 1 ? "valid" : "invalid";
  const verdict = manner === "dissenting" ? "invalid" : manner === "honest" ? right : "valid";
  return { manner, person: createPerson(), model, verdict };
}

function meet(round: number, parts: readonly Part[], before?: CommitSet) {
  const secret = secrets[round - 1]!;
  const [executor, ...witnesses] = parts.map(({ person }) => person.member);
  const committee = { kind: "client", secretHash: secretHash(secret) } as const;
  const kept = before?.commits.filter(({ node }) => parts.some(({ person }) => person.member.node === node));
  const asked = { answer, committee, executor: executor!, witnesses, secret, commits: kept ?? [] };
  let { state, effects } = convene(asked, 0, rules);
  let ruled: Extract<ConvenerEffect, { kind: "ruled" }> | undefined;
  const happen = (event: ConvenerEvent, now: number) => {
    ({ state, effects } = convenerStep(state, event, now, rules));
    for (const effect of effects) {
      if (effect.kind === "ruled") ruled = effect;
      if (effect.kind === "show") for (const part of parts) open(part, effect, now);
    }
  };
  const open = (part: Part, { set, secret }: Extract<ConvenerEffect, { kind: "show" }>, now: number) => {
    const { node } = part.person.member;
    if (part.manner === "closed" || !set.commits.some((commit) => commit.node === node)) return;
    const effect = part.person.happen({ kind: "shown", set, secret }, now);
    if (effect?.kind !== "open") throw new Error(`it did not open: ${JSON.stringify(effect)}`);
    happen({ kind: "opening", node, opening: part.person.sign(effect) }, now);
  };
  for (const [at, { person, manner, model, verdict }] of parts.entries()) {
    const { node } = person.member;
    if (manner === "mute" || kept?.some((commit) => commit.node === node)) continue;
    // Who copies has the executor's numbers to the last bit; the others have their own machine's.
    const machine = manner === "copying" ? 0 : 10 * round + at;
    const commit = person.commit(answer, leavesOf(tokens, { model, machine }), verdict, 0);
    happen({ kind: "commit", node, commit }, 0);
  }
  for (let now = commitMs; ruled === undefined && now < 9 * commitMs; now += commitMs)
    happen({ kind: "tick" }, now);
  return ruled!;
}

test("one of three is false, or the executor and a witness together: with one more honest witness right is right", () => {
  const executorModels = fc.constantFrom(1, 2);
  fc.assert(
    fc.property(executorModels, fc.constantFrom(...manners), fc.boolean(), (model, manner, isFirst) => {
      const pair: [Manner, Manner] = isFirst ? [manner, "honest"] : ["honest", manner];
      const executor = { ...partOf("copying", 0, model), verdict: "valid" as const };
      const witnesses = pair.map((each, at) => partOf(each, at + 1, model));
      const first = meet(1, [executor, ...witnesses]);
      const heard = witnesses.filter(({ person }) =>
        first.ruling.members.some(
          ({ node, complaint }) => node === person.member.node && complaint === undefined,
        ),
      );
      const isOpen = isUndecided(first.ruling);
      expect(isOpen).toBe(first.ruling.verdict === "inconclusive");
      const again = [executor, ...heard, partOf("honest", 3, model)];
      const { ruling, proof } = isOpen ? meet(2, again, first.proof.set) : first;
      expect(ruling.verdict).toBe(model === 1 ? "valid" : "invalid");
      const liars = [...(model === 1 ? [] : [executor]), ...witnesses.filter(({ model }) => model !== 1)];
      const sets = [...proof.set.witnesses, proof.set.executor].map(({ node }) => node);
      const known = liars.map(({ person }) => person.member.node).filter((node) => sets.includes(node));
      expect([...ruling.outliers].sort(), "liars are named, and nobody else is").toEqual(known.sort());
    }),
    { numRuns: 30 },
  );
});

test("where nobody could tell, one more could not either", () => {
  const node = "0x0" as Address;
  const members = (stands: readonly ("for" | "against" | "neither")[]) => [
    { node },
    ...stands.map((each) => ({ node, stands: each })),
  ];
  const undecided = (...stands: ("for" | "against" | "neither")[]) =>
    isUndecided({ verdict: "inconclusive", members: members(stands) });
  expect([undecided("neither"), undecided("neither", "neither")]).toEqual([false, false]);
  expect([undecided("against"), undecided("for", "against"), undecided("for", "neither")]).toEqual([
    ...[true, true, true],
  ]);
  const silent = [{ node, complaint: "not-opened" as const }];
  expect(isUndecided({ verdict: "inconclusive", members: silent })).toBe(false);
  expect(isUndecided({ verdict: "valid", members: members(["for", "against"]) })).toBe(false);
});

test("one promise holds for the secrets of all rounds, in order, and for no other", () => {
  const promise = secretHash(secrets[0]!);
  expect(secrets).toHaveLength(roundsMax);
  for (const each of secrets) expect(isPromised(secretHash(each), promise)).toBe(true);
  expect(secrets.slice(1).map(secretHash)).toEqual(secrets.slice(0, -1));
  expect(isPromised(secretHash(secrets.at(-1)!), secretHash(promise))).toBe(false);
  expect(isPromised(secretHash("5f".repeat(32)), promise)).toBe(false);
  expect(isPromised(promise, undefined)).toBe(false);
});
