import type { Ms } from "../../../domain/ids.ts";
import type { Finding } from "../../../domain/inference/proving.ts";
import type { AttemptId } from "../../../domain/inference/state.ts";
import { type Commit, type CommitSet, commitBytes } from "../../../domain/verification/committee.ts";
import type { DrawnAnswer } from "../../../domain/verification/drawn-answer.ts";
import { hasDrawnQuorum } from "../../../domain/verification/drawn-report.ts";
import type { Beacons, Verify } from "../../../ports.ts";
import { limits } from "../../../protocol/limits.ts";
import { nextBeacon } from "../../committee/beacon-wait.ts";
import {
  type Outside,
  type ProofMember,
  type ProofPorts,
  type ProofRequest,
  type ProofResult,
  type RunningProof,
  runProof,
  wordsOf,
} from "./proof.ts";

export interface DrawnProofPorts extends ProofPorts {
  readonly beacons: Beacons;
  readonly verify: Verify;
}

/**
 * Commit and reveal of a committee that a block drew: all commit, the set is closed, and the hash of a block that nobody
 * could know by then decides what is opened. Such a committee meets once: what it cannot settle stays unsettled, since who
 * is added was not seen by anybody beside the gateway to be the next in the draw's order.
 */
export function runDrawnProof(
  ports: DrawnProofPorts,
  request: Omit<ProofRequest, "secret" | "committee" | "commits">,
  drawn: Pick<DrawnAnswer, "block" | "witnesses">,
  { tell, done }: Outside,
): RunningProof {
  const { clock, log, verify, beacons } = ports;
  const { answer, executor, witnesses } = request;
  const seats = [executor, ...witnesses];
  const commits = new Map<ProofMember, Commit>();
  const awaited = new Set<AttemptId>(seats.map(({ attempt }) => attempt));
  const lost = new Set<AttemptId>();
  const stop = new AbortController();
  let lastCommitAt: Ms = clock.now();
  let proof: RunningProof | undefined;
  let isClosing = false;

  let stopWaiting = clock.after(limits.commitMsMax, () => allHeard());
  for (const { attempt } of seats)
    tell(attempt, { t: "commit", through: answer.tokens, executor: executor.member.profile });

  return {
    heard(attempt, word) {
      if (word.t === "revealed") return proof?.heard(attempt, word);
      const seat = seats.find((each) => each.attempt === attempt);
      if (seat === undefined || word.branch !== seat.branch) return;
      if (word.t === "closed") {
        if (word.refusal !== undefined)
          log.info("not-closed", { job: answer.job, attempt, why: word.refusal });
        return;
      }
      if (!awaited.delete(attempt)) return;
      const commit = word.commit && { node: seat.member.node, ...word.commit };
      const { sessionKey } = seat.member;
      if (commit !== undefined && verify(sessionKey, commitBytes(answer, commit), commit.signature)) {
        commits.set(seat, commit);
        lastCommitAt = clock.now();
      }
      if (awaited.size === 0) allHeard();
    },
    lost(attempt) {
      lost.add(attempt);
      if (proof !== undefined) return proof.lost(attempt);
      if (awaited.delete(attempt) && awaited.size === 0) allHeard();
    },
    cancel() {
      stop.abort();
      stopWaiting();
      proof?.cancel();
    },
  };

  /** Nobody's envelope is taken any more. Where one is missing, the last who sealed has to know that its time is over. */
  function allHeard(): void {
    stopWaiting();
    if (isClosing || stop.signal.aborted) return;
    isClosing = true;
    awaited.clear();
    const waitMs = commits.size === seats.length ? 0 : lastCommitAt + limits.commitMsMax - clock.now();
    if (waitMs <= 0) return close();
    stopWaiting = clock.after(waitMs, close);
  }

  function close(): void {
    let set: CommitSet | undefined;
    const name = (block: number) => {
      set = {
        ...{ answer, committee: { kind: "drawn", epoch: drawn.block, block }, executor: executor.member },
        witnesses: witnesses.map(({ member }) => member),
        commits: seats.flatMap((seat) => commits.get(seat) ?? []),
      };
      const words = wordsOf(set);
      for (const { attempt } of commits.keys()) tell(attempt, { t: "close", set: words });
    };
    void nextBeacon({ beacons, clock }, limits.positionsMsMax, stop.signal, name)
      .catch(() => undefined)
      .then((last) => {
        // Without a block nothing is opened, and what the tokens showed stands: the job's own wait ends.
        if (!stop.signal.aborted && last !== undefined && set !== undefined) reveal(set, last);
      });
  }

  function reveal(
    { committee, commits }: CommitSet,
    { block, beacon }: { block: number; beacon: string },
  ): void {
    const beaconAt = (asked: number) => (asked === block ? beacon : undefined);
    proof = runProof(
      { ...ports, rules: { ...ports.rules, beaconAt } },
      { ...request, commits, committee, secret: beacon },
      { tell, done: (result) => done({ ...result, finding: findingIn(result) }) },
    );
    for (const attempt of lost) proof.lost(attempt);
  }

  /** As a stranger finds it, who counts those that were drawn for (`drawnDoubts`). */
  function findingIn({ finding, ruling }: ProofResult): Finding {
    const isShort = finding.verdict === "valid" && !hasDrawnQuorum(drawn, ruling);
    return { ...finding, undecided: false, ...(isShort ? { verdict: "inconclusive" as const } : {}) };
  }
}
