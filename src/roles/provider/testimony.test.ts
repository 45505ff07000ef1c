import { beforeEach, expect, test } from "vitest";
import type { Address, JobId, ModelId } from "../../domain/ids.ts";
import { answerIdOf } from "../../domain/verification/answer-id.ts";
import { type CommitSet, secretHash } from "../../domain/verification/committee.ts";
import { leafOf } from "../../domain/verification/leaf.ts";
import { noMargins } from "../../domain/verification/margin-tally.ts";
import { roundSecrets } from "../../domain/verification/rounds.ts";
import type { OpenOrder } from "../../protocol/attempt.ts";
import {
  addressOf,
  createSalts,
  createSigner,
  peerOf,
  simulatedMarket,
  verify,
} from "../../simulator/identity.ts";
import { createTimeline } from "../../simulator/timeline.ts";
import { createTestimony, type Testimony } from "./testimony.ts";
import type { Voice } from "./voice.ts";

/** One node's part in commit and reveal, with simulated keys: what it seals, when it opens, and when it does not. */

const secrets = roundSecrets("5e".repeat(32));
const secret = secrets[0]!;
const transcript = "7a".repeat(32);
const promptDigest = "0d".repeat(32);
const sampling = { temperature: 0, topP: 1, seed: "00".repeat(32) };
const open = {
  ...{ t: "open", job: "ab".repeat(32) as JobId, model: `sha256:${"cd".repeat(32)}` as ModelId },
  ...{ prompt: { kind: "text", text: "one two" }, sampling, tokensMax: 4, tokensDefault: 64 },
  ...{ contextTokens: 256, holdMs: 250, deadlineMs: 60_000, audit: secretHash(secret) },
} as OpenOrder;
const ended = { transcript, through: 4, rejected: false, executor: "cpu" };

let leaves: ReturnType<Voice["leaves"]>;
let given: number;

beforeEach(() => {
  given = 0;
  leaves = Array.from({ length: 4 }, (_, id) => leafOf([{ id, logit: 1 }])!);
});

function node(index: number): { testimony: Testimony; member: CommitSet["executor"] } {
  const signer = createSigner(peerOf(index), 1);
  const voice = {
    ...{ profile: "cpu", promptDigest, tokensMax: 4, promptTokens: 2 },
    ...{ leaves: () => leaves, margins: () => noMargins },
  } as unknown as Voice;
  const ports = {
    ...{ signer, verify, clock: createTimeline().clock(), random: createSalts(peerOf(index), 1) },
    ...{ sequence: { next: () => (given += 1) }, tolerances: () => undefined },
    ...{ node: addressOf(peerOf(index)), market: simulatedMarket },
  };
  const member = { node: ports.node, sessionKey: signer.sessionKey, profile: "cpu" };
  return { testimony: createTestimony(ports, open, voice), member };
}

/** Two nodes that have committed, and the set of both. */
function committed() {
  const [one, two] = [node(1), node(2)];
  const commits = [one, two].map(({ testimony, member }) => ({
    node: member.node,
    ...testimony.commit(ended).commit!,
  }));
  const { job, model, prompt } = open;
  const answer = answerIdOf(
    { job, model, prompt, sampling, tokensMax: 4 },
    { promptDigest, transcript, tokens: 4 },
  );
  const set = {
    ...{ answer, committee: { kind: "client" as const, secretHash: secretHash(secret) } },
    ...{ executor: one.member, witnesses: [two.member], commits },
  };
  return { one, two, order: { t: "reveal" as const, set, secret } };
}

test("a node opens what it committed to, and says the same again under the same number", () => {
  const { one, order } = committed();
  const first = one.testimony.open(order);
  expect(first.opening).toMatchObject({ node: one.member.node, verdict: "valid", statement: { seq: 1 } });
  expect(one.testimony.open(order)).toEqual(first);
});

test("it keeps its envelope closed for another secret, another set of the same committee, and before it sealed one", () => {
  const { one, two, order } = committed();
  expect(one.testimony.open({ ...order, secret: "00".repeat(32) })).toEqual({ refusal: "wrong-secret" });
  const alone = { ...order.set, witnesses: [], commits: order.set.commits.slice(0, 1) };
  one.testimony.open(order);
  expect(one.testimony.open({ ...order, set: alone })).toEqual({ refusal: "opened-already" });
  expect(node(3).testimony.open(order)).toEqual({ refusal: "not-committed" });
  const other = { ...order.set, answer: { ...order.set.answer, transcript: "7b".repeat(32) } };
  expect(two.testimony.open({ ...order, set: other })).toEqual({ refusal: "not-committed" });
});

test("its envelope about an answer stays the same, opened or not, and whatever else was sealed meanwhile", () => {
  const { one, order } = committed();
  one.testimony.open(order);
  const other = one.testimony.commit({ ...ended, transcript: "7b".repeat(32) });
  const again = one.testimony.commit(ended);
  expect(again.commit!.sealed).toBe(order.set.commits[0]!.sealed);
  expect(other.commit!.sealed).not.toBe(again.commit!.sealed);
});

test("it seals few answers in one attempt", () => {
  const { testimony } = node(1);
  const seal = (at: number) => testimony.commit({ ...ended, transcript: `7${at}`.repeat(32) }).commit;
  const sealed = [1, 2, 3, 4, 5].map(seal).filter((each) => each !== undefined);
  expect(sealed).toHaveLength(4);
});

test("when the committee meets again with one more witness, it opens under the next secret, and under no other", () => {
  const { one, two, order } = committed();
  const { testimony, member } = node(3);
  one.testimony.open(order);
  const commits = [...order.set.commits, { node: member.node, ...testimony.commit(ended).commit! }];
  const witnesses = [two.member, member];
  const again = (next: string) => {
    const committee = { kind: "client" as const, secretHash: secretHash(next) };
    return { t: "reveal" as const, set: { ...order.set, witnesses, commits, committee }, secret: next };
  };
  expect(one.testimony.open(again("00".repeat(32)))).toEqual({ refusal: "other-secret" });
  for (const each of [one.testimony, two.testimony, testimony])
    expect(each.open(again(secrets[1]!)).opening, "it opens").toBeDefined();
  const [first, second] = [order, again(secrets[1]!)].map((each) => one.testimony.open(each).opening!);
  expect(second!.statement.seq).not.toBe(first!.statement.seq);
});

test("for a drawn committee it opens by a block that was to come when it was shown the set, and by no other", () => {
  const block = 610;
  const strangers: Address[] = [];
  const asked = () => {
    const { one, order } = committed();
    const { testimony } = one;
    const set = { ...order.set, committee: { kind: "drawn" as const, epoch: 600, block } };
    const drawn = { beacon: "", positions: { block, beacon: secret }, strangers };
    return { testimony, set, open: () => testimony.open({ t: "reveal", set, secret }, drawn) };
  };
  const { testimony, set, open } = asked();
  expect(testimony.close(set, strangers, 609)).toEqual({});
  expect(open().opening).toBeDefined();
  for (const head of [610, undefined]) {
    const late = asked();
    expect(late.testimony.close(late.set, strangers, head)).toEqual({ refusal: "block-known" });
    expect(late.open()).toEqual({ refusal: "not-closed" });
  }
  const early = asked();
  expect(early.testimony.close(early.set, undefined, 609)).toEqual({ refusal: "beacon-unknown" });
  expect(early.testimony.close(early.set, [addressOf(peerOf(2))], 609)).toEqual({ refusal: "not-drawn" });
});

test("who has not seen every position says nothing", () => {
  leaves = undefined;
  expect(node(1).testimony.commit(ended)).toEqual({});
});
