import { bytesToHex } from "@noble/hashes/utils.js";
import type { Address } from "../../domain/ids.ts";
import { answerIdOf } from "../../domain/verification/answer-id.ts";
import { commitBytes, type Hex32, setDigest } from "../../domain/verification/committee.ts";
import { weighAnswer } from "../../domain/verification/margin-tally.ts";
import {
  type MemberEffect,
  type MemberState,
  memberBegin,
  memberStep,
} from "../../domain/verification/member.ts";
import {
  type Market712,
  type SignedStatement,
  statementDigest,
  statementOf,
} from "../../domain/verification/statement.ts";
import type { Tolerances } from "../../domain/verification/tolerance.ts";
import type { Clock, Random, Sequence, Signer, Verify } from "../../ports.ts";
import type { OpenOrder, Order, Word } from "../../protocol/attempt.ts";
import { limits } from "../../protocol/limits.ts";
import type { Voice } from "./voice.ts";

export interface TestimonyPorts {
  readonly signer: Signer;
  readonly verify: Verify;
  readonly clock: Clock;
  readonly random: Random;
  readonly sequence: Sequence;
  readonly tolerances: Tolerances;
}

/** Who testifies, and under which contract its word counts. */
export interface Identity {
  readonly node: Address;
  readonly market: Market712;
}

/** What a node puts on record about one job's answer: sealed first, opened later. Signs what the rules of a member say. */
export interface Testimony {
  /** The answer ended at `through`, where `transcript` is its digest. Without a word about it there is nothing to send. */
  commit(ended: Ended): Sealed;
  open(order: Extract<Order, { t: "reveal" }>): Opened;
  /** It ends elsewhere after all. */
  forget(): void;
}

interface Ended {
  readonly transcript: Hex32;
  readonly through: number;
  /** Did it reject something of it? */
  readonly rejected: boolean;
  /** The executor's numeric profile. */
  readonly executor: string;
}

type Sealed = Pick<Extract<Word, { t: "committed" }>, "commit">;
type Opened = Pick<Extract<Word, { t: "revealed" }>, "opening" | "refusal">;

export function createTestimony(
  ports: TestimonyPorts & Identity,
  { job, model, prompt, sampling, audit }: OpenOrder,
  voice: Voice,
): Testimony {
  const { signer, node, market, clock } = ports;
  const own = { node, sessionKey: signer.sessionKey, profile: voice.profile };
  const rules = { own, promise: audit, commitMs: limits.commitMsMax, verify: ports.verify, beaconAt };
  let state: MemberState = memberBegin;
  /** Each under its own number: one for every set it opened against. */
  const statements = new Map<string, SignedStatement>();
  /** Answers it opened its envelope about: sealing another for one of them would be from what everybody knows by now. */
  const opened = new Set<Hex32>();

  function take(event: Parameters<typeof memberStep>[1]): MemberEffect | undefined {
    const step = memberStep(state, event, clock.now(), rules);
    state = step.state;
    return step.effects[0];
  }

  function sign({ set, opening }: Extract<MemberEffect, { kind: "open" }>, secret: Hex32): SignedStatement {
    const numbers = { seq: ports.sequence.next(), expiry: Math.floor(clock.wall()) + limits.statementLifeMs };
    const digest = statementDigest(market, statementOf(set, secret, opening.verdict, numbers));
    return { ...numbers, signature: signer.sign(digest) };
  }

  return {
    commit({ transcript, through, rejected, executor }) {
      const leaves = opened.has(transcript) ? undefined : voice.leaves(through);
      if (leaves === undefined) return {};
      const { promptDigest, tokensMax } = voice;
      const asked = { job, model, prompt, sampling, tokensMax };
      const answer = answerIdOf(asked, { promptDigest, transcript, tokens: through });
      const tally = voice.margins(through);
      const tolerance = ports.tolerances(executor, voice.profile);
      const verdict = rejected
        ? "invalid"
        : tolerance === undefined
          ? "valid"
          : weighAnswer(tally, tolerance);
      const salt = bytesToHex(ports.random.bytes(32));
      const effect = take({ kind: "ended", answer, leaves, verdict, salt });
      if (effect?.kind !== "commit") return {};
      const { sealed } = effect.commit;
      return { commit: { sealed, signature: signer.sign(commitBytes(answer, effect.commit)) } };
    },
    open({ set, secret }) {
      const effect = take({ kind: "shown", set, secret });
      if (effect?.kind !== "open") return { refusal: effect?.kind === "refuse" ? effect.reason : "nothing" };
      opened.add(set.answer.transcript);
      const name = bytesToHex(setDigest(set));
      const statement = statements.get(name) ?? sign(effect, secret);
      statements.set(name, statement);
      return { opening: { ...effect.opening, statement } };
    },
    forget() {
      state = memberBegin;
    },
  };
}

/** No drawn committee meets during an attempt. */
const beaconAt = () => undefined;
