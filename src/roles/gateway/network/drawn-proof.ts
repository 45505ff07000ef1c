import type { AttemptId } from "../../../domain/inference/state.ts";
import { type Commit, commitBytes } from "../../../domain/verification/committee.ts";
import type { Beacons, Verify } from "../../../ports.ts";
import { limits } from "../../../protocol/limits.ts";
import { nextBeacon } from "../../committee/beacon-wait.ts";
import { type Outside, type ProofPorts, type ProofRequest, type RunningProof, runProof } from "./proof.ts";

export interface DrawnProofPorts extends ProofPorts {
  readonly beacons: Beacons;
  readonly verify: Verify;
}

/**
 * Commit and reveal of a committee that a block drew: all commit, then a block is awaited that nobody could know, and its
 * hash decides what is opened. No member knows that when it commits, but one in league with the gateway, who can seal last
 * (docs/verification.md). Such a committee meets once: what it cannot settle stays unsettled, since who is added was not
 * seen by anybody beside the gateway to be the next in the draw's order.
 */
export function runDrawnProof(
  ports: DrawnProofPorts,
  request: Omit<ProofRequest, "secret" | "committee" | "commits">,
  block: number,
  { tell, done }: Outside,
): RunningProof {
  const { clock, verify, beacons } = ports;
  const { answer, executor } = request;
  const seats = [executor, ...request.witnesses];
  const commits: Commit[] = [];
  const awaited = new Set<AttemptId>(seats.map(({ attempt }) => attempt));
  const lost = new Set<AttemptId>();
  const stop = new AbortController();
  let proof: RunningProof | undefined;
  let isWaiting = false;

  const stopWaiting = clock.after(limits.commitMsMax, () => closed());
  for (const { attempt } of seats)
    tell(attempt, { t: "commit", through: answer.tokens, executor: executor.member.profile });

  return {
    heard(attempt, word) {
      if (word.t === "revealed") return proof?.heard(attempt, word);
      const seat = seats.find((each) => each.attempt === attempt);
      if (seat === undefined || word.branch !== seat.branch || !awaited.delete(attempt)) return;
      const commit = word.commit && { node: seat.member.node, ...word.commit };
      const { sessionKey } = seat.member;
      if (commit !== undefined && verify(sessionKey, commitBytes(answer, commit), commit.signature))
        commits.push(commit);
      if (awaited.size === 0) closed();
    },
    lost(attempt) {
      lost.add(attempt);
      if (proof !== undefined) return proof.lost(attempt);
      if (awaited.delete(attempt) && awaited.size === 0) closed();
    },
    cancel() {
      stop.abort();
      stopWaiting();
      proof?.cancel();
    },
  };

  /** Nobody's envelope is taken any more. */
  function closed(): void {
    stopWaiting();
    if (isWaiting || stop.signal.aborted) return;
    isWaiting = true;
    awaited.clear();
    void nextBeacon({ beacons, clock }, limits.positionsMsMax, stop.signal)
      .catch(() => undefined)
      .then((last) => {
        // Without a block nothing is opened, and what the tokens showed stands: the job's own wait ends.
        if (!stop.signal.aborted && last !== undefined) reveal(last);
      });
  }

  function reveal(last: { readonly block: number; readonly beacon: string }): void {
    const beaconAt = (asked: number) => (asked === last.block ? last.beacon : undefined);
    const committee = { kind: "drawn", epoch: block, block: last.block } as const;
    proof = runProof(
      { ...ports, rules: { ...ports.rules, beaconAt } },
      { ...request, commits, committee, secret: last.beacon },
      { tell, done: ({ finding, proof }) => done({ finding: { ...finding, undecided: false }, proof }) },
    );
    for (const { attempt, member } of seats)
      if (lost.has(attempt) || !commits.some(({ node }) => node === member.node)) proof.lost(attempt);
  }
}
