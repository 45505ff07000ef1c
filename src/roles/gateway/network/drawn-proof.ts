import type { Ms } from "../../../domain/ids.ts";
import type { Finding } from "../../../domain/inference/proving.ts";
import type { AttemptId } from "../../../domain/inference/state.ts";
import { type Commit, type CommitSet, commitBytes } from "../../../domain/verification/committee.ts";
import type { DrawnAnswer } from "../../../domain/verification/drawn-answer.ts";
import { hasDrawnQuorum } from "../../../domain/verification/drawn-report.ts";
import type { RefusalToOpen } from "../../../domain/verification/member.ts";
import type { Beacons, Verify } from "../../../ports.ts";
import { kindOf } from "../../../protocol/errors.ts";
import { limits } from "../../../protocol/limits.ts";
import { nextBeacon } from "../../committee/beacon-wait.ts";
import { wordsOf } from "../../committee/set-words.ts";
import {
  type Outside,
  type ProofMember,
  type ProofPorts,
  type ProofRequest,
  type ProofResult,
  type RunningProof,
  runProof,
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
  { tell, done, vain }: Outside,
): RunningProof {
  const { clock, log, verify, beacons } = ports;
  const { answer, executor, witnesses } = request;
  const seats = [executor, ...witnesses];
  const commits = new Map<ProofMember, Commit>();
  const awaited = new Set<AttemptId>(seats.map(({ attempt }) => attempt));
  const lost = new Set<AttemptId>();
  /** Their chains were not where the gateway's was: no fault of theirs. */
  const apart = new Set<AttemptId>();
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
        const why = word.refusal;
        if (why !== undefined) log.info("not-closed", { job: answer.job, attempt, why });
        if (why !== undefined && ofChains.has(why)) apart.add(attempt);
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
    // There would be nothing to compare the others' with.
    if (!commits.has(executor) || commits.size < 2) {
      const missing = seats.filter((seat) => !commits.has(seat) && !lost.has(seat.attempt));
      return vain(missing.map(({ attempt }) => ({ attempt, outcome: "late" })));
    }
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
    void nextBeacon({ beacons, clock }, limits.positionsMsMax, stop.signal, { name })
      .then((last) => {
        if (stop.signal.aborted) return;
        // Without a block nothing is opened, and what the tokens showed stands.
        if (last === undefined || set === undefined) vain([]);
        else reveal(set, last);
      })
      .catch((error: unknown) => log.error("drawn-proof-failed", { job: answer.job, error: kindOf(error) }));
  }

  function reveal(
    { committee, commits: all }: CommitSet,
    { block, beacon }: { block: number; beacon: string },
  ): void {
    const beaconAt = (asked: number) => (asked === block ? beacon : undefined);
    proof = runProof(
      { ...ports, rules: { ...ports.rules, beaconAt } },
      { ...request, commits: all, committee, secret: beacon },
      { tell, done: (result) => done({ ...result, finding: findingIn(result) }) },
    );
    for (const attempt of lost) proof.lost(attempt);
  }

  /** As a stranger finds it, who counts those that were drawn for (`drawnDoubts`). */
  function findingIn({ finding, ruling }: ProofResult): Finding {
    const isShort = finding.verdict === "valid" && !hasDrawnQuorum(drawn, ruling);
    const blamed = finding.blamed.map(({ attempt, outcome }) =>
      apart.has(attempt) && outcome === "silent"
        ? ({ attempt, outcome: "late" } as const)
        : { attempt, outcome },
    );
    const verdict = isShort ? "inconclusive" : finding.verdict;
    return { ...finding, undecided: false, blamed, verdict };
  }
}

/** Why a set was not closed, where chains differ. */
const ofChains: ReadonlySet<string> = new Set<RefusalToOpen>(["block-known", "block-far", "beacon-unknown"]);
