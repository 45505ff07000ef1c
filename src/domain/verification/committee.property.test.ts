import fc from "fast-check";
import { expect, test } from "vitest";
import {
  answerOf,
  commitMs,
  committee,
  createPerson,
  leavesOf,
  type Person,
  rulingRules,
  secret,
  signCommit,
} from "../../../test/rigs/committee.ts";
import { verify } from "../../adapters/keys/session.ts";
import { isAuthentic } from "./commit-set.ts";
import { type Closed, type Commit, type CommitSet, secretHash, setDigest } from "./committee.ts";
import { type ConvenerEffect, type ConvenerEvent, convene, convenerStep } from "./convener.ts";
import { type MemberEffect, type MemberEvent, type MemberRules, memberBegin, memberStep } from "./member.ts";
import { rule } from "./ruling.ts";

const tokens = 40;
const answer = answerOf(tokens);
const seen = (machine: number) => leavesOf(tokens, { machine });

// ---------------------------------------------------------------- one member against whatever it is shown

/** How a set that is shown may be bent. */
const bends = [
  "none",
  "without-last",
  "without-own",
  "stranger",
  "reversed",
  "twice",
  "forged",
  "stale-answer",
  "other-own",
  "own-profile",
  "other-secret-hash",
  "drawn",
] as const;

interface Showing {
  readonly bend: (typeof bends)[number];
  readonly at: number;
  readonly rightSecret: boolean;
}

const showings = fc.array(
  fc.record({
    bend: fc.constantFrom(...bends),
    at: fc.integer({ min: 0, max: 3 * commitMs }),
    rightSecret: fc.boolean(),
  }),
  { maxLength: 12 },
);

function bent(set: CommitSet, bend: Showing["bend"], people: readonly Person[]): CommitSet {
  const { commits } = set;
  const own = people[1]!;
  const resign = (commit: Commit, sealed: string) => signCommit(own.session, answer, { ...commit, sealed });
  switch (bend) {
    case "none":
      return set;
    case "without-last":
      return { ...set, commits: commits.slice(0, -1) };
    case "without-own":
      return { ...set, commits: commits.filter(({ node }) => node !== own.member.node) };
    case "stranger":
      return { ...set, witnesses: set.witnesses.slice(0, -1) };
    case "reversed":
      return { ...set, commits: [...commits].reverse() };
    case "twice":
      return { ...set, commits: [...commits, commits.at(-1)!] };
    case "forged":
      return {
        ...set,
        commits: commits.map((each, at) => (at === 2 ? { ...each, sealed: "77".repeat(32) } : each)),
      };
    case "stale-answer":
      return { ...set, answer: answerOf(tokens, "0c".repeat(32)) };
    case "other-own":
      return {
        ...set,
        commits: commits.map((each, at) => (at === 1 ? resign(each, "78".repeat(32)) : each)),
      };
    case "own-profile":
      return {
        ...set,
        witnesses: set.witnesses.map((each, at) => (at === 0 ? { ...each, profile: "easy" } : each)),
      };
    case "other-secret-hash":
      return { ...set, committee: { kind: "client", secretHash: secretHash("99".repeat(32)) } };
    case "drawn":
      return { ...set, committee: { kind: "drawn", epoch: 0, block: 5 } };
  }
}

test("whatever it is shown, in whatever order, a member opens only one set, and only a full one or one past the deadline", () => {
  fc.assert(
    fc.property(showings, fc.boolean(), (all, sound) => {
      const people = [createPerson(), createPerson(), createPerson()];
      const [executor, own, other] = people as [Person, Person, Person];
      const [first, ownCommit, last] = people.map((person, at) =>
        person.commit(answer, seen(at), "valid", 0),
      );
      const set: CommitSet = {
        answer,
        committee,
        executor: executor.member,
        witnesses: [own.member, other.member],
        commits: [first!, ownCommit!, last!],
      };
      const opened: { set: CommitSet; at: number }[] = [];
      const times = [...all, ...(sound ? [{ bend: "none", at: 10, rightSecret: true } as const] : [])];
      for (const { bend, at, rightSecret } of times.sort((a, b) => a.at - b.at)) {
        const shown = bent(set, bend, people);
        const effect = own.happen(
          { kind: "shown", set: shown, secret: rightSecret ? secret : "98".repeat(32) },
          at,
        );
        if (effect?.kind === "open") opened.push({ set: shown, at });
        else expect(effect?.kind).toBe("refuse");
      }
      for (const each of opened) {
        const members = [each.set.executor, ...each.set.witnesses];
        const isComplete = each.set.commits.length === members.length;
        expect(isComplete || each.at >= commitMs).toBe(true);
        expect(each.set.commits.some(({ sealed }) => sealed === ownCommit!.sealed)).toBe(true);
        for (const commit of each.set.commits) {
          const { sessionKey } = members.find(({ node }) => node === commit.node)!;
          expect(isAuthentic(answer, commit, sessionKey, verify)).toBe(true);
        }
        expect(setDigest(each.set)).toEqual(setDigest(opened[0]!.set));
      }
      if (sound && all.length === 0) expect(opened.length).toBe(1);
    }),
    { numRuns: 150 },
  );
});

test("a member that has not committed opens nothing, and one that has commits to nothing else", () => {
  const person = createPerson();
  const set: CommitSet = { answer, committee, executor: person.member, witnesses: [], commits: [] };
  expect(person.happen({ kind: "shown", set, secret }, 0)).toMatchObject({ reason: "not-committed" });
  const commits = [person.commit(answer, seen(1), "valid", 0)];
  const again = { kind: "ended", answer, leaves: seen(2), verdict: "valid", salt: secret } as const;
  expect(person.happen(again, 1)).toBeUndefined();
  const open = person.happen({ kind: "shown", set: { ...set, commits }, secret }, 2);
  expect(person.happen({ kind: "shown", set: { ...set, commits }, secret }, 3)).toEqual(open);
});

// ---------------------------------------------------------------- a whole round, in any order, with anybody missing

/** What one member does in a round. */
const manners = ["honest", "mute", "closed", "lazy", "copying", "two-faced", "gone"] as const;
type Manner = (typeof manners)[number];

interface Round {
  readonly ruled: Extract<ConvenerEffect, { kind: "ruled" }>[];
  readonly offences: string[];
  readonly people: readonly Person[];
  readonly endedAt: number;
}

/** Delivers what is under way in an order drawn by `turns`; time passes only when nothing else can happen. */
function play(parts: readonly Manner[], turns: readonly number[]): Round {
  const people = parts.map(() => createPerson());
  const [executor, ...witnesses] = people.map(({ member }) => member);
  const rules = { ...rulingRules, commitMs };
  let now = 0;
  let turn = 0;
  const underWay: ConvenerEvent[] = [];
  const round: Round = { ruled: [], offences: [], people, endedAt: 0 };
  let wake = Number.POSITIVE_INFINITY;
  const asked = { answer, committee, executor: executor!, witnesses, secret };
  let { state, effects } = convene(asked, now, rules);
  for (const [at, manner] of parts.entries()) underWay.push(...commitsOf(people[at]!, manner, at));

  for (let step = 0; step < 200 && round.ruled.length === 0; step += 1) {
    for (const effect of effects) {
      if (effect.kind === "wake") wake = effect.at;
      if (effect.kind === "offence") round.offences.push(effect.reason);
      if (effect.kind === "ruled") round.ruled.push(effect);
      if (effect.kind === "show")
        for (const [at, manner] of parts.entries())
          underWay.push(...openingsOf(people, at, manner, effect, now));
    }
    const next = underWay.splice(
      (turns[turn++ % Math.max(1, turns.length)] ?? 0) % Math.max(1, underWay.length),
      1,
    )[0];
    if (next === undefined) now = Math.max(now, wake);
    ({ state, effects } = convenerStep(state, next ?? { kind: "tick" }, now, rules));
    for (const effect of effects) if (effect.kind === "ruled") round.ruled.push(effect);
    effects = effects.filter(({ kind }) => kind !== "ruled");
  }
  return { ...round, endedAt: now };
}

function commitsOf(person: Person, manner: Manner, machine: number): ConvenerEvent[] {
  const { node } = person.member;
  if (manner === "mute") return [];
  if (manner === "gone") return [{ kind: "gone", node }];
  const commit = person.commit(answer, seen(machine), "valid", 0);
  if (manner !== "two-faced") return [{ kind: "commit", node, commit }];
  const other = signCommit(person.session, answer, { ...commit, sealed: "79".repeat(32) });
  return [
    { kind: "commit", node, commit },
    { kind: "commit", node, commit: other },
  ];
}

function openingsOf(
  people: readonly Person[],
  at: number,
  manner: Manner,
  { set, secret: shown }: Extract<ConvenerEffect, { kind: "show" }>,
  now: number,
): ConvenerEvent[] {
  const person = people[at]!;
  const { node } = person.member;
  if (manner === "mute" || manner === "gone" || manner === "closed") return [];
  const effect = person.happen({ kind: "shown", set, secret: shown }, now);
  if (effect?.kind !== "open") return [{ kind: "gone", node }];
  const bentOpening: MemberEffect & { kind: "open" } =
    manner === "lazy"
      ? { ...effect, opening: { ...effect.opening, leaves: "A".repeat(effect.opening.leaves.length) } }
      : effect;
  const opening = person.sign(bentOpening);
  if (manner !== "copying") return [{ kind: "opening", node, opening }];
  const source = people
    .filter((each) => each !== person)
    .map((each) => each.happen({ kind: "shown", set, secret: shown }, now))
    .find((each) => each?.kind === "open");
  if (source?.kind !== "open") return [{ kind: "gone", node }];
  return [{ kind: "opening", node, opening: { ...source.opening, node, statement: opening.statement } }];
}

const casts = fc.array(fc.constantFrom(...manners, "honest" as const, "honest" as const), {
  minLength: 1,
  maxLength: 5,
});
const orders = fc.array(fc.nat(20), { maxLength: 30 });

test("every round ends once and in bounded time, whoever is missing and in whatever order words come", () => {
  fc.assert(
    fc.property(casts, orders, (cast, turns) => {
      const { ruled, endedAt } = play(cast, turns);
      expect(ruled.length).toBe(1);
      expect(endedAt).toBeLessThanOrEqual(3 * commitMs);
      const { ruling, proof } = ruled[0]!;
      expect(rule(proof, rulingRules)).toEqual(ruling);
    }),
    { numRuns: 100 },
  );
});

test("nobody who did no work, copied or kept silent has a voice, and all who are honest have", () => {
  fc.assert(
    fc.property(casts, orders, (cast, turns) => {
      const { ruled, people } = play(["honest", ...cast], turns);
      const { members, verdict } = ruled[0]!.ruling;
      const voiceless: readonly Manner[] = ["mute", "gone", "closed", "lazy", "copying"];
      const standing = members.slice(1).map(({ node, stands }) => {
        const manner = ["honest", ...cast][people.findIndex(({ member }) => member.node === node)] as Manner;
        if (manner === "honest") expect(stands).toBe("for");
        if (voiceless.includes(manner)) expect(stands).toBe("neither");
        return stands;
      });
      const forIt = standing.filter((stands) => stands === "for").length;
      expect(verdict).toBe(
        forIt >= Math.max(1, Math.ceil((2 * standing.length) / 3)) ? "valid" : "inconclusive",
      );
    }),
    { numRuns: 100 },
  );
});

test("two envelopes for one answer are seen", () => {
  expect(play(["honest", "two-faced", "honest"], [0]).offences).toContain("second-commit");
});

test("a drawn set is closed before its block is there, once, and opened as it was closed", () => {
  const beacon = "b4".repeat(32);
  const [executor, one, two] = [createPerson(), createPerson(), createPerson()];
  const rules = { ...one.rules, beaconAt: (block: number) => (block === 7 ? beacon : undefined) };
  const kept = new Map<number, Closed>();
  let state = memberBegin;
  const happen = (event: MemberEvent, now = 1) => {
    const closedAs: MemberRules["closedAs"] = ({ epoch }) => kept.get(epoch);
    const step = memberStep(state, event, now, { ...rules, closedAs });
    state = step.state;
    const [effect] = step.effects;
    if (effect?.kind === "close") kept.set(effect.committee.epoch, { sets: [effect.set], isBinding: true });
    return effect;
  };
  const sealed = happen({ kind: "ended", answer, leaves: seen(2), verdict: "valid", salt: secret }, 0);
  if (sealed?.kind !== "commit") throw new Error("it did not commit");
  const commits = [
    executor.commit(answer, seen(1), "valid", 0),
    signCommit(one.session, answer, sealed.commit),
    two.commit(answer, seen(3), "valid", 0),
  ];
  const members = { executor: executor.member, witnesses: [one.member, two.member] };
  const set = (block: number, more = {}): CommitSet => ({
    ...{ answer, committee: { kind: "drawn", epoch: 3, block }, ...members, commits, ...more },
  });
  const close = (shown: CommitSet, head: number | undefined) => happen({ kind: "closed", set: shown, head });
  const resealed = [signCommit(executor.session, answer, { ...commits[0]!, sealed: "77".repeat(32) })];
  const other = set(7, { commits: [...resealed, ...commits.slice(1)] });

  expect(happen({ kind: "shown", set: set(7), secret: beacon })).toMatchObject({ reason: "not-closed" });
  for (const head of [7, 8, undefined]) expect(close(set(7), head)).toMatchObject({ reason: "block-known" });
  expect(close(set(99), 2)).toMatchObject({ reason: "block-far" });
  const alone = { executor: one.member, witnesses: [], commits: [commits[1]!] };
  expect(close(set(7, alone), 5), "it would only be read").toMatchObject({ reason: "alone" });
  const missing = set(7, { commits: commits.slice(0, 2) });
  expect(close(missing, 5)).toMatchObject({ reason: "before-deadline" });
  expect(close({ ...set(7), committee }, 5)).toMatchObject({ reason: "not-drawn" });
  expect(close(set(7), 5)).toMatchObject({ kind: "close" });
  expect(close(set(7), 9), "the same again").toMatchObject({ kind: "close" });
  for (const changed of [other, set(8)]) {
    expect(close(changed, 5)).toMatchObject({ reason: "closed-already" });
    expect(happen({ kind: "shown", set: changed, secret: beacon })).toMatchObject({ reason: "not-closed" });
  }
  expect(happen({ kind: "shown", set: set(7), secret })).toMatchObject({ reason: "wrong-secret" });
  expect(happen({ kind: "shown", set: set(7), secret: beacon })).toMatchObject({ kind: "open" });
});

test("in a drawn committee the seat of who is silent stays, and what was closed is shown at once", () => {
  const beacon = "b4".repeat(32);
  const rules = { ...rulingRules, beaconAt: (block: number) => (block === 7 ? beacon : undefined), commitMs };
  const [executor, one, silent] = [createPerson(), createPerson(), createPerson()];
  const drawn = { kind: "drawn", epoch: 0, block: 7 } as const;
  const members = { executor: executor.member, witnesses: [one.member, silent.member] };
  const commits = [executor, one].map((person, at) => person.commit(answer, seen(at + 1), "valid", 0));
  const { state, effects } = convene(
    { answer, committee: drawn, ...members, secret: beacon, commits },
    0,
    rules,
  );
  expect(effects[0]).toMatchObject({
    kind: "show",
    set: { commits: { length: 2 }, witnesses: { length: 2 } },
  });
  const commit = silent.commit(answer, seen(3), "valid", 5);
  const late = { kind: "commit", node: silent.member.node, commit } as const;
  expect(convenerStep(state, late, 5, rules).effects).toMatchObject([{ reason: "late-commit" }]);
});
