import { bytesToHex } from "@noble/hashes/utils.js";
import type { Address, JobId, PeerId, SessionKey } from "../../../domain/ids.ts";
import type { JobEffect } from "../../../domain/inference/effect.ts";
import { isComplete, lastOf } from "../../../domain/inference/hearing.ts";
import type { Finding } from "../../../domain/inference/proving.ts";
import { isUnwatched } from "../../../domain/inference/spec.ts";
import type { AttemptId, JobState } from "../../../domain/inference/state.ts";
import { answerIdOf } from "../../../domain/verification/answer-id.ts";
import { type Commit, type CommitSet, secretHash } from "../../../domain/verification/committee.ts";
import { tokensOf } from "../../../domain/verification/receipt.ts";
import { roundSecrets } from "../../../domain/verification/rounds.ts";
import { writeUnwatched } from "../../../protocol/unwatched.ts";
import { clientsReceipt, unwatchedReceipt } from "../audits/unwatched.ts";
import type { Attempts } from "./attempts.ts";
import { runDrawnProof } from "./drawn-proof.ts";
import type { JobRequest, Roster, RunPorts } from "./job-ports.ts";
import { type Outside, type ProofRequest, type RunningProof, runProof } from "./proof.ts";
import { receiptOf, saidIn } from "./receipt-of.ts";

/** What proves one job's answer, at its end or long after, and the receipt that comes of it. */
export interface JobProof extends Pick<RunningProof, "heard" | "lost" | "cancel"> {
  /** What the job promises of its secrets before anybody answers. */
  readonly promise: string;
  prove(effect: Extract<JobEffect, { kind: "prove" }>): void;
  /** Asks an executor that nobody watches to seal what the application took of its answer. */
  seal(effect: Extract<JobEffect, { kind: "seal" }>): void;
  /** An executor that nobody watches sealed this with its last chunk. */
  sealed(attempt: AttemptId, commit: Omit<Commit, "node">): void;
  /** The job ended: puts away the receipt, or what it takes to audit an unwatched answer. Returns the receipt's name. */
  keep(): JobId | undefined;
  /** Who could have sealed its unwatched answer, and did not. */
  unsealed(): PeerId | undefined;
}

interface JobAround {
  readonly attempts: Attempts;
  readonly state: () => JobState;
  readonly profileOf: (attempt: AttemptId) => string | undefined;
  readonly proved: (finding: Finding) => void;
}

export function createJobProof(
  ports: RunPorts,
  roster: Pick<Roster, "offerOf">,
  request: JobRequest,
  { attempts, state, profileOf, proved }: JobAround,
): JobProof {
  const { spec } = request;
  /** Each decides which positions of the fingerprints one committee opens; told to nobody before all have committed. */
  const secrets = roundSecrets(bytesToHex(ports.random.bytes(32)));
  let proof: RunningProof | undefined;
  let receipt: string | undefined;
  /** Envelopes that the last committee's members closed, about one answer. */
  let closed: Pick<CommitSet, "answer" | "commits"> | undefined;
  const sealed = new Map<SessionKey, Omit<Commit, "node">>();
  /** Who was asked to seal an answer that the application ended. */
  let asked: { readonly attempt: AttemptId; readonly answered: boolean } | undefined;
  let unsealed: PeerId | undefined;
  const attemptOf = (id: AttemptId) => state().attempts.find((each) => each.id === id);

  return {
    promise: secretHash(secrets[0]!),
    heard(attempt, word) {
      if (attempt !== asked?.attempt || asked.answered) return proof?.heard(attempt, word);
      asked = { attempt, answered: true };
      if (word.t === "committed" && word.commit !== undefined) noteSealed(attempt, word.commit);
      proved(nothing);
    },
    lost(attempt) {
      if (attempt !== asked?.attempt || asked.answered) return proof?.lost(attempt);
      asked = undefined;
      proved(nothing);
    },
    cancel: () => proof?.cancel(),
    unsealed: () => unsealed,
    sealed: noteSealed,
    seal({ attempt, tokens: through }) {
      asked = { attempt, answered: false };
      attempts.send(attempt, { t: "commit", through, executor: profileOf(attempt) ?? "" });
    },
    prove(effect) {
      const { tokensMax, transcript, tokens } = effect;
      const [executor, ...witnesses] = [effect.executor, ...effect.witnesses].map(memberOf) as [
        Seat,
        ...Seat[],
      ];
      const members = [executor, ...witnesses];
      proof?.cancel();
      const promptDigest = state().base?.promptDigest ?? "";
      const answer = answerIdOf(
        { ...spec, tokensMax },
        { promptDigest, transcript: bytesToHex(transcript), tokens },
      );
      const said = tokensOf({ chunks: saidIn(state()), sampling: spec.sampling });
      proof = begun({ answer, said, executor, witnesses }, effect.round, {
        tell: attempts.send,
        done({ finding, proof }) {
          const around = { state: state(), proof, tokensMax, offers: attempts.offers };
          receipt = JSON.stringify(receiptOf(ports.proofs.market, request, around));
          closed = proof.set;
          const liars = ports.heard(proof, attempts.offers);
          const lied = members.filter(({ member }) => liars.includes(member.node));
          const blamed = lied.map(({ attempt }) => ({ attempt, outcome: "rejected" as const }));
          proved({ ...finding, blamed: [...blamed, ...finding.blamed] });
        },
        vain: (blamed) => proved({ verdict: "inconclusive", blamed }),
      });
    },
    keep() {
      if (isUnwatched(request.policy)) keepUnwatched();
      if (receipt === undefined) return undefined;
      ports.receipts.put(spec.job, receipt);
      return spec.job;
    },
  };

  function noteSealed(attempt: AttemptId, commit: Omit<Commit, "node">): void {
    const key = attemptOf(attempt)?.sessionKey;
    if (key !== undefined) sealed.set(key, commit);
  }

  type Seat = ReturnType<typeof memberOf>;

  function memberOf(id: AttemptId) {
    const { peer, sessionKey, drops } = attemptOf(id)!;
    const node = roster.offerOf(peer)?.address ?? nobody;
    const member = { node, sessionKey, profile: profileOf(id) ?? "" };
    return { attempt: id, branch: drops.length, member };
  }

  function begun(
    asked: Omit<ProofRequest, "secret" | "committee" | "commits">,
    round: number,
    outside: Outside,
  ): RunningProof {
    const rules = { ...ports.proofs, verify: ports.verify, beaconAt: () => undefined };
    if (request.drawn !== undefined && ports.beacons !== undefined)
      return runDrawnProof({ ...ports, rules, beacons: ports.beacons }, asked, request.drawn, outside);
    const secret = secrets[round - 1]!;
    const committee = { kind: "client", secretHash: secretHash(secret) } as const;
    const commits = closed?.answer.transcript === asked.answer.transcript ? closed.commits : [];
    return runProof({ ...ports, rules }, { ...asked, secret, committee, commits }, outside);
  }

  /** What is kept of an answer that nobody watched. Who can seal and does not evades every audit. */
  function keepUnwatched(): void {
    const { held, satisfied } = state();
    const last = lastOf(state());
    const offer = last && roster.offerOf(last.speaker);
    const model = offer?.models.find(({ id }) => id === spec.model);
    if (last === undefined || offer === undefined || model?.witness !== true) return;
    const { sessionKey } = last;
    const executor = { node: offer.address, sessionKey, profile: model.profile };
    const kept = unwatchedReceipt({ ...ports.proofs, verify: ports.verify }, request, {
      ...{ state: state(), executor, sealed: sealed.get(sessionKey) },
      ...{ secret: secrets[0]!, offers: attempts.offers },
    });
    // Of what others said before it a sampled engine has not seen enough, and any other may have found it wrong.
    const saidAll = held.every(({ speaker }) => speaker === last.speaker);
    const wasToSeal = satisfied === undefined ? isComplete(state()) : asked !== undefined;
    if (kept === undefined && saidAll && wasToSeal) unsealed = last.speaker;
    if (kept === undefined) return;
    receipt = JSON.stringify(clientsReceipt(kept, request));
    const at = Math.floor(ports.clock.wall());
    ports.unwatched?.put(spec.job, writeUnwatched({ at, receipt: kept }));
  }
}

/** Whose offer is gone: it is no member that anybody could hold to its word. */
const nobody = `0x${"0".repeat(40)}` as Address;

/** A seal alone shows nothing yet. */
const nothing: Finding = { verdict: "inconclusive", blamed: [] };
