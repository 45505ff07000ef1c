import { bytesToHex } from "@noble/hashes/utils.js";
import { formOf } from "../../../domain/grammar/form.ts";
import type { Address, JobId, PeerId, SessionKey } from "../../../domain/ids.ts";
import type { Chunk } from "../../../domain/inference/chunk.ts";
import type { JobEffect, Outcome } from "../../../domain/inference/effect.ts";
import type { JobEvent } from "../../../domain/inference/event.ts";
import { transcriptAfter } from "../../../domain/inference/hearing.ts";
import { begin, type Step, step } from "../../../domain/inference/job.ts";
import type { JobSpec, Policy } from "../../../domain/inference/spec.ts";
import type { AttemptId, JobState, Prospect } from "../../../domain/inference/state.ts";
import { answerIdOf } from "../../../domain/verification/answer-id.ts";
import { type Commit, type CommitSet, secretHash } from "../../../domain/verification/committee.ts";
import type { DrawnAnswer } from "../../../domain/verification/drawn-answer.ts";
import type { Drifts } from "../../../domain/verification/drift.ts";
import { tokensOf } from "../../../domain/verification/receipt.ts";
import { roundSecrets } from "../../../domain/verification/rounds.ts";
import type { Proof, RulingRules } from "../../../domain/verification/seat.ts";
import type { Beacons, Channel, Clock, Dialer, Log, Random, Receipts, Verify } from "../../../ports.ts";
import type { Order, Word } from "../../../protocol/attempt.ts";
import { limits } from "../../../protocol/limits.ts";
import type { Offer } from "../../../protocol/offer.ts";
import { writeUnwatched } from "../../../protocol/unwatched.ts";
import { clientsReceipt, unwatchedReceipt } from "../audits/unwatched.ts";
import { runDrawnProof } from "./drawn-proof.ts";
import { createJobClock } from "./job-clock.ts";
import { openOrderOf } from "./open-order.ts";
import { type Outside, type RunningProof, runProof } from "./proof.ts";
import { receiptOf, saidIn } from "./receipt-of.ts";

export interface RunPorts {
  readonly dialer: Dialer;
  readonly verify: Verify;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** What proofs are judged by. */
  readonly proofs: Pick<RulingRules, "market" | "tolerances">;
  /** What fingerprints add up to over several answers. */
  readonly drifts: Drifts;
  readonly receipts: Pick<Receipts, "put">;
  /** Takes note of what was signed for a proof; whoever contradicts by it what it signed before. */
  readonly heard: (proof: Proof, offers: ReadonlyMap<SessionKey, string>) => readonly Address[];
  /** For jobs whose providers are drawn. */
  readonly beacons?: Beacons;
  /** Answers that nobody watched, for later audits. */
  readonly unwatched?: Pick<Receipts, "put">;
}

/** Where a job finds providers and leaves what it learnt of them. */
export interface Roster {
  prospects(without: readonly PeerId[]): readonly Prospect[];
  offerOf(peer: PeerId): Offer | undefined;
  /** The same as it was signed, JSON. */
  signedOf(peer: PeerId): string | undefined;
  opened(peer: PeerId): void;
  closed(peer: PeerId): void;
  learnt(effect: Extract<JobEffect, { kind: "outcome" }>): void;
  /** May an attempt be made on suspicion alone? Then it was; and an answer ended well, which allows for more. */
  mayHedge(): boolean;
  hedged(): void;
  answered(): void;
}

export interface JobRequest {
  readonly spec: Omit<JobSpec, "tokensMax"> & { readonly tokensMax: number | undefined };
  readonly policy: Policy;
  readonly tokensDefault: number;
  readonly contextTokens: number;
  readonly staked: boolean;
  /** Those to begin with. */
  readonly prospects: readonly Prospect[];
  /** Shall the receipt hold the prompt? */
  readonly receiptPrompt: boolean;
  /** By what its providers and its seed were drawn; and the signed offers, JSON, of those who noted it in time. */
  readonly drawn?: DrawnAnswer;
  readonly drawnOffers?: readonly string[];
}

/** `receipt`: the job under which one is kept of this answer. */
export type JobListener = (
  effect: Extract<JobEffect, { kind: "deliver" | "finish" | "fail" }>,
  receipt?: JobId,
) => void;

export interface RunningJob {
  /** The application has what it wanted; what follows is not. */
  satisfy(): void;
  /** The application hung up. Every provider is told at once; the listener hears nothing more. */
  cancel(): void;
}

/** Performs one job's effects over the network and feeds what comes back to the rules, one event at a time. */
export function runJob(
  ports: RunPorts,
  roster: Roster,
  request: JobRequest,
  listener: JobListener,
): RunningJob {
  const { dialer, log } = ports;
  /** Each decides which positions of the fingerprints one committee opens; told to nobody before all have committed. */
  const secrets = roundSecrets(bytesToHex(ports.random.bytes(32)));
  const { schema } = request.spec.sampling;
  const form = schema === undefined ? undefined : formOf(schema, limits);
  const clock = createJobClock(ports.clock);
  const channels = new Map<AttemptId, { channel: Channel<Order>; peer: PeerId }>();
  const events: JobEvent[] = [];
  let state: JobState;
  let proof: RunningProof | undefined;
  let receipt: string | undefined;
  /** Envelopes that the last committee's members closed, about one answer. */
  let closed: Pick<CommitSet, "answer" | "commits"> | undefined;
  /** By the session keys they vouch for: who was lost on the way may have another by the end. */
  const offers = new Map<SessionKey, string>();
  /** What executors that nobody watched sealed with their last chunk, and who of them did not. */
  const sealed = new Map<SessionKey, Omit<Commit, "node">>();
  let unsealed: PeerId | undefined;
  let busy = false;
  const isUnwatched = request.policy.finality === "none" || request.policy.witnesses === 0;

  busy = true;
  perform(begin(request, clock.now()));
  busy = false;
  drain();
  return {
    satisfy: () => happen({ kind: "satisfied" }),
    cancel: () => happen({ kind: "cancelled" }),
  };

  function happen(event: JobEvent): void {
    events.push(event);
    drain();
  }

  /** Effects may bring about events; those are taken up only after all effects of their step. */
  function drain(): void {
    if (busy) return;
    busy = true;
    try {
      for (let event = events.shift(); event !== undefined; event = events.shift()) {
        perform(step(state, event, clock.now(), roster.mayHedge()));
      }
    } finally {
      // Whatever a listener does, the job must not be deaf afterwards.
      busy = false;
    }
  }

  function perform({ state: next, effects }: Step): void {
    state = next;
    for (const effect of effects) apply(effect);
    if (!state.ended) return;
    clock.cancel();
    proof?.cancel();
  }

  function apply(effect: JobEffect): void {
    switch (effect.kind) {
      case "open":
        if (effect.hedge) roster.hedged();
        return open(effect.attempt, effect.peer);
      case "show":
        return send(effect.attempt, { t: "said", chunk: effect.chunk, speaker: effect.speaker });
      case "drop":
        return send(effect.attempt, { t: "drop", to: effect.to, branch: effect.branch });
      case "speak":
        return send(effect.attempt, { t: "speak", from: effect.from });
      case "prove":
        return prove(effect);
      case "close":
        return close(effect.attempt);
      case "seek":
        events.push({ kind: "prospects", prospects: roster.prospects(effect.without) });
        return;
      case "outcome":
        if (!harmless.has(effect.outcome)) {
          log.info("attempt-ended", { job: request.spec.job, peer: effect.peer, outcome: effect.outcome });
        }
        return roster.learnt({
          ...{ ...effect, since: clock.real(effect.since) },
          ...(effect.peer === unsealed && effect.outcome === "completed" ? { outcome: "silent" } : {}),
        });
      case "wake":
        return clock.wake(effect.at, () => happen({ kind: "tick" }));
      case "finish":
        roster.answered();
        if (isUnwatched) keepUnwatched();
        if (receipt !== undefined) ports.receipts.put(request.spec.job, receipt);
        return listener(effect, receipt === undefined ? undefined : request.spec.job);
      case "deliver":
      case "fail":
        return listener(effect);
    }
  }

  /** What is kept of an answer that nobody watched. Who can seal and does not evades every audit. */
  function keepUnwatched(): void {
    const last = state.held.at(-1);
    const offer = last && roster.offerOf(last.speaker);
    const model = offer?.models.find(({ id }) => id === request.spec.model);
    if (last === undefined || offer === undefined || model?.witness !== true) return;
    const { sessionKey } = last;
    const executor = { node: offer.address, sessionKey, profile: model.profile };
    const told = { state, executor, sealed: sealed.get(sessionKey), secret: secrets[0]!, offers };
    const kept = unwatchedReceipt({ ...ports.proofs, verify: ports.verify }, request, told);
    // Of what others said before it, a sampled engine has not seen enough to seal.
    const couldSeal = model.sampled !== true || state.held.every(({ speaker }) => speaker === last.speaker);
    if (kept === undefined && couldSeal && last.chunk.end !== undefined && state.satisfied === undefined)
      unsealed = last.speaker;
    if (kept === undefined) return;
    receipt = JSON.stringify(clientsReceipt(kept, request));
    ports.unwatched?.put(
      request.spec.job,
      writeUnwatched({ at: Math.floor(ports.clock.wall()), receipt: kept }),
    );
  }

  function open(attempt: AttemptId, peer: PeerId): void {
    const offer = roster.offerOf(peer);
    if (offer === undefined) {
      events.push({ kind: "lost", attempt, cause: "offer expired" });
      return;
    }
    const signed = roster.signedOf(peer);
    if (signed !== undefined) offers.set(offer.sessionKey, signed);
    roster.opened(peer);
    const channel = dialer.open(offer, {
      message: (word) => hear(attempt, word),
      closed: ({ code, detail }) => {
        if (!channels.delete(attempt)) return;
        roster.closed(peer);
        proof?.lost(attempt);
        log.debug("attempt-lost", { job: request.spec.job, peer, code, detail });
        happen({ kind: "lost", attempt, cause: code });
      },
    });
    channels.set(attempt, { channel, peer });
    const deadlineMs = Math.max(1, state.startedAt + request.policy.deadlineMs - clock.now());
    channel.send(openOrderOf(request, { deadlineMs, audit: secretHash(secrets[0]!), seal: isUnwatched }));
  }

  function hear(attempt: AttemptId, word: Word): void {
    switch (word.t) {
      case "ready": {
        const stated = profileOf(attempt);
        if (stated !== undefined && word.profile !== undefined && word.profile !== stated) {
          log.info("other-profile", { job: request.spec.job, attempt });
          return happen({ kind: "lost", attempt, cause: "garbage" });
        }
        return happen({
          kind: "ready",
          attempt,
          promptTokens: word.promptTokens,
          promptDigest: word.promptDigest,
        });
      }
      case "read":
        return happen({ kind: "read", attempt });
      case "chunk":
        if (word.commit !== undefined) noteSealed(attempt, word.commit);
        return happen({
          kind: "chunk",
          attempt,
          branch: word.branch,
          chunk: word.chunk,
          authentic: isAuthentic(attempt, word) && fitsForm(word.chunk),
        });
      case "judged":
        return happen({ kind: "judged", attempt, branch: word.branch, through: word.through });
      case "rejected": {
        const { branch, start, through, at, reason, margin } = word;
        const peer = state.attempts.find(({ id }) => id === attempt)?.peer;
        log.info("chunk-rejected", { job: request.spec.job, attempt, peer, at, reason, margin });
        return happen({ kind: "rejected", attempt, branch, start, through });
      }
      case "committed":
      case "closed":
      case "revealed":
        return proof?.heard(attempt, word);
      case "vector":
      case "embedded":
        // It was asked for words.
        return happen({ kind: "lost", attempt, cause: "garbage" });
      case "refused":
        return happen({ kind: "refused", attempt, code: word.code, message: word.message });
    }
  }

  function noteSealed(id: AttemptId, commit: Omit<Commit, "node">): void {
    const key = state.attempts.find((each) => each.id === id)?.sessionKey;
    if (key !== undefined) sealed.set(key, commit);
  }

  function prove(effect: Extract<JobEffect, { kind: "prove" }>): void {
    const { spec } = request;
    const memberOf = (id: AttemptId) => {
      const { peer, sessionKey, drops } = state.attempts.find((each) => each.id === id)!;
      const node = roster.offerOf(peer)?.address ?? nobody;
      const member = { node, sessionKey, profile: profileOf(id) ?? "" };
      return { attempt: id, branch: drops.length, member };
    };
    const { tokensMax } = effect;
    proof?.cancel();
    const answer = answerIdOf(
      { ...spec, tokensMax },
      {
        promptDigest: state.base?.promptDigest ?? "",
        transcript: bytesToHex(effect.transcript),
        tokens: effect.tokens,
      },
    );
    const [executor, witnesses] = [memberOf(effect.executor), effect.witnesses.map(memberOf)];
    const members = [executor, ...witnesses];
    const outside: Outside = {
      tell: send,
      done({ finding, proof }) {
        const kept = receiptOf(ports.proofs.market, request, { state, proof, tokensMax, offers });
        receipt = JSON.stringify(kept);
        closed = proof.set;
        const liars = ports.heard(proof, offers);
        const lied = members.filter(({ member }) => liars.includes(member.node));
        const blamed = lied.map(({ attempt }) => ({ attempt, outcome: "rejected" as const }));
        happen({ kind: "proved", finding: { ...finding, blamed: [...blamed, ...finding.blamed] } });
      },
    };
    const said = tokensOf({ chunks: saidIn(state), sampling: spec.sampling });
    const rules = { ...ports.proofs, verify: ports.verify, beaconAt: () => undefined };
    if (request.drawn !== undefined && ports.beacons !== undefined) {
      const drawing = { ...ports, rules, beacons: ports.beacons };
      proof = runDrawnProof(drawing, { answer, said, executor, witnesses }, request.drawn, outside);
      return;
    }
    const secret = secrets[effect.round - 1]!;
    const isSame = closed?.answer.transcript === answer.transcript;
    proof = runProof(
      { ...ports, rules },
      {
        ...{ answer, secret, committee: { kind: "client", secretHash: secretHash(secret) } },
        ...{ said, executor, witnesses, commits: isSame ? closed!.commits : [] },
      },
      outside,
    );
  }

  /** The numeric profile its offer states for this model; undefined when there is no such offer any more. */
  function profileOf(id: AttemptId): string | undefined {
    const peer = state.attempts.find((each) => each.id === id)?.peer;
    const offer = peer && roster.offerOf(peer);
    return offer?.models.find((model) => model.id === request.spec.model)?.profile;
  }

  function isAuthentic(id: AttemptId, { chunk }: Extract<Word, { t: "chunk" }>): boolean {
    const attempt = state.attempts.find((each) => each.id === id);
    const digest = transcriptAfter(state, id, chunk);
    return (
      attempt !== undefined &&
      digest !== undefined &&
      ports.verify(attempt.sessionKey, digest, chunk.signature)
    );
  }

  /** What does not fit the schema asked for is no answer to it, whoever would accept it. */
  function fitsForm(chunk: Chunk): boolean {
    return form?.fits(state.held.at(-1)?.chunk, chunk) ?? true;
  }

  function send(attempt: AttemptId, order: Order): void {
    channels.get(attempt)?.channel.send(order);
  }

  function close(attempt: AttemptId): void {
    const open = channels.get(attempt);
    if (open === undefined || !channels.delete(attempt)) return;
    open.channel.close();
    roster.closed(open.peer);
    proof?.lost(attempt);
  }
}

/** Nothing an operator need know of. */
const harmless: ReadonlySet<Outcome> = new Set(["completed", "vouched", "unused"]);

/** Whose offer is gone: it is no member that anybody could hold to its word. */
const nobody = `0x${"0".repeat(40)}` as Address;
