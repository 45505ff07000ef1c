import type { Address } from "../../../domain/ids.ts";
import type { Outcome } from "../../../domain/inference/effect.ts";
import type { Finding } from "../../../domain/inference/proving.ts";
import type { AttemptId } from "../../../domain/inference/state.ts";
import type { AnswerId, Commit, Committee, Hex32, Member } from "../../../domain/verification/committee.ts";
import {
  type ConvenerEffect,
  type ConvenerEvent,
  convene,
  convenerStep,
} from "../../../domain/verification/convener.ts";
import type { Drifts } from "../../../domain/verification/drift.ts";
import type { Ruling } from "../../../domain/verification/ruling.ts";
import type { Proof, RulingRules, Tokens } from "../../../domain/verification/seat.ts";
import { isUndecided } from "../../../domain/verification/undecided.ts";
import type { Clock, Log } from "../../../ports.ts";
import type { Order, Word } from "../../../protocol/attempt.ts";
import { limits } from "../../../protocol/limits.ts";
import { wordsOf } from "../../committee/set-words.ts";

export interface ProofPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly rules: RulingRules;
  readonly drifts: Drifts;
}

/** One who is asked to testify. */
export interface ProofMember {
  readonly attempt: AttemptId;
  /** Its words about an answer that was dropped meanwhile carry a lower one. */
  readonly branch: number;
  readonly member: Member;
}

export interface ProofRequest {
  readonly answer: AnswerId;
  readonly committee: Committee;
  readonly secret: Hex32;
  readonly said: Tokens;
  readonly executor: ProofMember;
  readonly witnesses: readonly ProofMember[];
  /** Envelopes about this answer that are here already. */
  readonly commits: readonly Commit[];
}

export interface ProofResult {
  readonly finding: Finding;
  readonly ruling: Ruling;
  readonly proof: Proof;
}

export interface RunningProof {
  heard(attempt: AttemptId, word: Extract<Word, { t: "committed" | "closed" | "revealed" }>): void;
  lost(attempt: AttemptId): void;
  /** Nothing is told or done any more. */
  cancel(): void;
}

export interface Outside {
  tell(attempt: AttemptId, order: Order): void;
  /** Once, unless it is cancelled, or `vain`. */
  done(result: ProofResult): void;
  /** Nothing can come of it any more. */
  vain(blamed: Finding["blamed"]): void;
}

/** Drives commit and reveal at the end of one answer over its attempts, by the rules of a convener. */
export function runProof(
  { clock, log, ...ports }: ProofPorts,
  { answer, committee, secret, said, executor, witnesses, commits }: ProofRequest,
  { tell, done }: Pick<Outside, "tell" | "done">,
): RunningProof {
  const seats = [executor, ...witnesses];
  const rules = { ...ports.rules, commitMs: limits.commitMsMax };
  const blamed = new Map<AttemptId, Outcome>();
  let stopWaiting = () => {};
  let over = false;
  const { state: begun, effects } = convene(
    {
      ...{ answer, secret, said, committee },
      ...{ executor: executor.member, witnesses: witnesses.map(({ member }) => member) },
      commits: commits.filter(({ node }) => seats.some(({ member }) => member.node === node)),
    },
    clock.now(),
    rules,
  );
  let state = begun;
  for (const effect of effects) apply(effect);
  for (const { attempt, member } of seats) {
    // A drawn committee's set was closed before the block that decides what is opened.
    const isOver = committee.kind === "drawn" || commits.some(({ node }) => node === member.node);
    if (!isOver) tell(attempt, { t: "commit", through: answer.tokens, executor: executor.member.profile });
  }

  return {
    heard(attempt, word) {
      const seat = seats.find((each) => each.attempt === attempt);
      if (seat === undefined || word.branch !== seat.branch) return;
      const { node } = seat.member;
      // Nobody was asked to close anything: a drawn committee's set was before this began.
      if (word.t === "closed") return;
      if (word.t === "committed" && word.commit !== undefined)
        return happen({ kind: "commit", node, commit: { node, ...word.commit } });
      if (word.t === "revealed" && word.opening !== undefined)
        return happen({ kind: "opening", node, opening: word.opening });
      // It was asked because its offer says that it shows logits, and it saw the whole answer.
      if (word.t === "committed") blame(node, "silent");
      happen({ kind: "gone", node });
    },
    lost(attempt) {
      const seat = seats.find((each) => each.attempt === attempt);
      if (seat !== undefined) happen({ kind: "gone", node: seat.member.node });
    },
    cancel: end,
  };

  function end(): void {
    over = true;
    stopWaiting();
  }

  function happen(event: ConvenerEvent): void {
    if (over) return;
    const step = convenerStep(state, event, clock.now(), rules);
    state = step.state;
    for (const effect of step.effects) apply(effect);
  }

  function apply(effect: ConvenerEffect): void {
    switch (effect.kind) {
      case "wake":
        stopWaiting();
        stopWaiting = clock.after(Math.max(0, effect.at - clock.now()), () => happen({ kind: "tick" }));
        return;
      case "show": {
        const set = wordsOf(effect.set);
        for (const { attempt, member } of seats) {
          const hasCommitted = effect.set.commits.some(({ node }) => node === member.node);
          if (hasCommitted) tell(attempt, { t: "reveal", set, secret });
        }
        return;
      }
      case "offence":
        return blameFor(effect);
      case "ruled":
        return conclude(effect);
    }
  }

  /**
   * A busy machine commits too late: it is spared for a moment, and its commit that comes after all is no other offence.
   * Who has committed and does not open is not spared.
   */
  function blameFor({ node, reason }: Extract<ConvenerEffect, { kind: "offence" }>): void {
    const seat = seats.find(({ member }) => member.node === node);
    const wasLate = seat !== undefined && blamed.get(seat.attempt) === "late";
    const isLate =
      reason === "no-commit" || reason === "late-commit" || (wasLate && reason === "not-a-member");
    blame(node, isLate ? "late" : "garbage");
  }

  function blame(node: Address, outcome: Outcome): void {
    const seat = seats.find(({ member }) => member.node === node);
    if (seat === undefined) return;
    const before = blamed.get(seat.attempt);
    // Whoever forged a commit has made none in time either, and would be spared for that.
    if (before === undefined || gravity(outcome) > gravity(before)) blamed.set(seat.attempt, outcome);
  }

  /** Is the executor to blame that the answer is wrong, rather than whoever it went on from? */
  function answersForIt({ verdict, members, outliers }: Ruling): boolean {
    const { node } = executor.member;
    const isFalse = members[0]?.contradicted === true || outliers.includes(node);
    return verdict === "invalid" && (said.ownFrom === 0 || isFalse);
  }

  /** Is the executor, over several answers, further from who stands for it than an honest one would be? */
  function hasDrifted({ verdict, pairs, members, opened }: Ruling): boolean {
    const { node, profile } = executor.member;
    const supporters = members.filter(({ stands }) => stands === "for").map((member) => member.node);
    // From the nearest: a witness that bends its own fingerprint can only seem further off than an honest one.
    const pair = pairs
      .filter((pair) => pair.one === node && supporters.includes(pair.other))
      .toSorted((a, b) => a.usual - b.usual)[0];
    const other = witnesses.find(({ member }) => member.node === pair?.other)?.member;
    const tolerance = other && ports.rules.tolerances(profile, other.profile);
    const isText = said.sampling.schema === undefined;
    if (verdict !== "valid" || !isText || pair === undefined || tolerance === undefined) return false;
    const compared = { node, profile, otherProfile: other!.profile, usual: pair.usual, opened };
    return ports.drifts.note(compared, tolerance) === "invalid";
  }

  function conclude({ ruling, proof }: Extract<ConvenerEffect, { kind: "ruled" }>): void {
    end();
    const { verdict, unsound, members, outliers, pairs } = ruling;
    for (const { node, complaint } of members) {
      if (complaint !== undefined) blame(node, complaint === "not-opened" ? "silent" : "garbage");
    }
    for (const node of outliers) blame(node, "rejected");
    if (answersForIt(ruling) || hasDrifted(ruling)) blame(executor.member.node, "rejected");
    const distances = pairs.map(({ distance }) => Math.round(distance * 1000) / 1000);
    log.debug("proof-ended", { job: answer.job, verdict, unsound, distances, blamed: [...blamed.values()] });
    const all = [...blamed].map(([attempt, outcome]) => ({ attempt, outcome }));
    done({ finding: { verdict, undecided: isUndecided(ruling), blamed: all }, ruling, proof });
  }
}

/** Of several things one is held responsible for the gravest. */
function gravity(outcome: Outcome): number {
  return ["late", "silent", "garbage", "rejected"].indexOf(outcome);
}
