import type { Address, Ms } from "../ids.ts";
import { isAuthentic } from "./commit-set.ts";
import type { AnswerId, Commit, CommitSet, Committee, Hex32, Member, Opening } from "./committee.ts";
import { type Ruling, rule } from "./ruling.ts";
import type { Proof, RulingRules, Tokens } from "./seat.ts";

/** The side of commit and reveal that collects: a gateway for its own jobs, an auditor for drawn committees. */
export interface ConvenerState {
  readonly phase: "collecting" | "opening" | "ruled";
  readonly answer: AnswerId;
  readonly committee: Committee;
  readonly executor: Member;
  readonly witnesses: readonly Member[];
  readonly secret: Hex32;
  /** The answer, when the convener has it. */
  readonly said?: Tokens;
  /** End of this phase. */
  readonly until: Ms;
  readonly commits: readonly Commit[];
  readonly openings: readonly Opening[];
  readonly gone: readonly Address[];
}

export type ConvenerEvent =
  | { readonly kind: "commit"; readonly node: Address; readonly commit: Commit }
  | { readonly kind: "opening"; readonly node: Address; readonly opening: Opening }
  /** It cannot be reached any more, or refused: nothing will come of it. */
  | { readonly kind: "gone"; readonly node: Address }
  | { readonly kind: "tick" };

export type ConvenerEffect =
  /** To everybody who committed. */
  | { readonly kind: "show"; readonly set: CommitSet; readonly secret: Hex32 }
  | { readonly kind: "offence"; readonly node: Address; readonly reason: Offence }
  /** Call again with `tick` at this time. Replaces the wake before it. */
  | { readonly kind: "wake"; readonly at: Ms }
  /** Once, and last. Members whose openings do not count stand in the ruling with the reason. */
  | { readonly kind: "ruled"; readonly ruling: Ruling; readonly proof: Proof };

/** What a member is held responsible for by the convener, besides what the ruling says. */
export type Offence =
  | "not-a-member"
  | "forged-commit"
  | "second-commit" // another envelope for one answer
  | "late-commit"
  | "no-commit"
  | "unasked-opening"
  | "second-opening";

export interface ConvenerRules extends RulingRules {
  /** Time for commits, and again for openings, ms. */
  readonly commitMs: number;
}

interface ConvenerStep {
  readonly state: ConvenerState;
  readonly effects: readonly ConvenerEffect[];
}

/**
 * Begins when the answer has ended. Everybody named is expected to commit without being asked, but for those whose
 * `commits` an earlier committee collected: an envelope names its answer and no committee.
 *
 * A drawn committee's set was closed before its block was there (member.ts), so it is shown at once. Who did not commit
 * keeps its seat there, empty; a client's committee names itself, and leaves such a one out.
 */
export function convene(
  asked: Pick<ConvenerState, "answer" | "committee" | "executor" | "witnesses" | "secret" | "said"> &
    Partial<Pick<ConvenerState, "commits">>,
  now: Ms,
  rules: ConvenerRules,
): ConvenerStep {
  const until = now + rules.commitMs;
  const state = { commits: [], ...asked, phase: "collecting" as const, until, openings: [], gone: [] };
  if (asked.committee.kind === "drawn") return show(state, now, rules);
  return { state, effects: [{ kind: "wake", at: until }] };
}

/** Collects commits until all are there or their time is over, shows the set, collects openings alike, and rules. */
export function convenerStep(
  state: ConvenerState,
  event: ConvenerEvent,
  now: Ms,
  rules: ConvenerRules,
): ConvenerStep {
  if (state.phase === "ruled") return { state, effects: [] };
  switch (event.kind) {
    case "commit":
      return takeCommit(state, event, now, rules);
    case "opening":
      return takeOpening(state, event, rules);
    case "gone":
      return goOn({ ...state, gone: [...state.gone, event.node] }, now, rules);
    case "tick":
      return goOn(state, now, rules);
  }
}

function takeCommit(
  state: ConvenerState,
  { node, commit }: Extract<ConvenerEvent, { kind: "commit" }>,
  now: Ms,
  rules: ConvenerRules,
): ConvenerStep {
  const offence = commitOffence(state, node, commit, now, rules);
  if (offence === "again") return { state, effects: [] };
  if (offence !== undefined) return { state, effects: [{ kind: "offence", node, reason: offence }] };
  return goOn({ ...state, commits: [...state.commits, commit] }, now, rules);
}

function commitOffence(
  state: ConvenerState,
  node: Address,
  commit: Commit,
  now: Ms,
  { verify }: ConvenerRules,
): Offence | "again" | undefined {
  const member = membersOf(state).find((each) => each.node === node);
  if (member === undefined || commit.node !== node) return "not-a-member";
  if (!isAuthentic(state.answer, commit, member.sessionKey, verify)) return "forged-commit";
  const before = state.commits.find((each) => each.node === node);
  if (before !== undefined) return before.sealed === commit.sealed ? "again" : "second-commit";
  return state.phase !== "collecting" || now >= state.until ? "late-commit" : undefined;
}

function takeOpening(
  state: ConvenerState,
  { node, opening }: Extract<ConvenerEvent, { kind: "opening" }>,
  rules: ConvenerRules,
): ConvenerStep {
  const isAsked = state.phase === "opening" && state.commits.some((commit) => commit.node === node);
  const reason = !isAsked || opening.node !== node ? "unasked-opening" : "second-opening";
  if (reason === "unasked-opening" || state.openings.some((each) => each.node === node))
    return { state, effects: [{ kind: "offence", node, reason }] };
  return rulingOnceAll({ ...state, openings: [...state.openings, opening] }, false, rules);
}

function goOn(state: ConvenerState, now: Ms, rules: ConvenerRules): ConvenerStep {
  const isOver = now >= state.until;
  if (state.phase === "opening") return rulingOnceAll(state, isOver, rules);
  const missing = membersOf(state).filter(
    ({ node }) => !state.commits.some((commit) => commit.node === node),
  );
  if (!isOver && missing.some(({ node }) => !state.gone.includes(node))) return { state, effects: [] };
  const silent = missing.filter(({ node }) => !state.gone.includes(node));
  const offences = silent.map(({ node }) => ({ kind: "offence", node, reason: "no-commit" }) as const);
  const next = missing.length === 0 ? state : without(state, missing);
  const step = missing.includes(state.executor) ? ruled(next, rules) : show(next, now, rules);
  return { state: step.state, effects: [...offences, ...step.effects] };
}

function without(state: ConvenerState, missing: readonly Member[]): ConvenerState {
  return { ...state, witnesses: state.witnesses.filter((member) => !missing.includes(member)) };
}

function show(state: ConvenerState, now: Ms, rules: ConvenerRules): ConvenerStep {
  const until = now + rules.commitMs;
  const { secret } = state;
  return {
    state: { ...state, phase: "opening", until },
    effects: [
      { kind: "show", set: setOf(state), secret },
      { kind: "wake", at: until },
    ],
  };
}

function rulingOnceAll(state: ConvenerState, isOver: boolean, rules: ConvenerRules): ConvenerStep {
  const awaited = state.commits.filter(
    ({ node }) => !state.gone.includes(node) && !state.openings.some((opening) => opening.node === node),
  );
  return isOver || awaited.length === 0 ? ruled(state, rules) : { state, effects: [] };
}

function ruled(state: ConvenerState, rules: ConvenerRules): ConvenerStep {
  const proof: Proof = { set: setOf(state), secret: state.secret, openings: state.openings };
  return {
    state: { ...state, phase: "ruled" },
    effects: [{ kind: "ruled", ruling: rule(proof, rules, state.said), proof }],
  };
}

function setOf(state: ConvenerState): CommitSet {
  const { answer, committee, executor, witnesses } = state;
  const commits = membersOf(state).flatMap(({ node }) =>
    state.commits.filter((commit) => commit.node === node),
  );
  return { answer, committee, executor, witnesses, commits };
}

function membersOf({ executor, witnesses }: ConvenerState): Member[] {
  return [executor, ...witnesses];
}
