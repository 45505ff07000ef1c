import { beforeEach, expect, test } from "vitest";
import {
  answerOf,
  committee,
  createPerson,
  leavesOf,
  type Person,
  proofOf,
  rulingRules,
  secret,
  signCommit,
} from "../../../../test/rigs/committee.ts";
import { createLogRig } from "../../../../test/rigs/ports.ts";
import type { AttemptId } from "../../../domain/inference/state.ts";
import { createDrifts } from "../../../domain/verification/drift.ts";
import type { Order, Word } from "../../../protocol/attempt.ts";
import { limits } from "../../../protocol/limits.ts";
import { createTimeline, type Timeline } from "../../../simulator/timeline.ts";
import { type ProofResult, type RunningProof, runProof } from "./proof.ts";

/** One executor and three witnesses with real keys, and what a gateway holds whom responsible for. */

const tokens = 48;
const answer = answerOf(tokens);
type Reveal = Extract<Order, { t: "reveal" }>;
type Said = Extract<Word, { t: "committed" | "revealed" }>;

let timeline: Timeline;
let people: Person[];
let proof: RunningProof;
let shown: Reveal | undefined;
let result: ProofResult | undefined;

beforeEach(() => {
  timeline = createTimeline();
  people = Array.from({ length: 4 }, () => createPerson());
  [shown, result] = [undefined, undefined];
  const [executor, ...witnesses] = people.map(({ member }, at) => ({
    ...{ attempt: at as AttemptId, branch: 0, member },
  }));
  proof = runProof(
    { clock: timeline.clock(), log: createLogRig(), rules: rulingRules, drifts: createDrifts(limits) },
    {
      ...{ answer, secret, committee, commits: [], executor: executor!, witnesses },
      said: {
        ids: leavesOf(tokens).map(({ ids }) => ids[0]!),
        sampling: { temperature: 0, topP: 1, seed: "00".repeat(32) },
        ownFrom: 0,
      },
    },
    {
      tell: (_, order) => {
        if (order.t === "reveal") shown = order;
      },
      done: (found) => {
        result = found;
      },
    },
  );
});

const tell = (at: number, word: Said) => proof.heard(at as AttemptId, word);

function commit(at: number): void {
  const leaves = leavesOf(tokens, { machine: at });
  const { sealed, signature } = people[at]!.commit(answer, leaves, "valid", timeline.now());
  tell(at, { t: "committed", branch: 0, commit: { sealed, signature } });
}

function reveal(at: number): void {
  const effect = people[at]!.happen({ kind: "shown", ...shown! }, timeline.now());
  if (effect?.kind !== "open") throw new Error(`it did not open: ${JSON.stringify(effect)}`);
  tell(at, { t: "revealed", branch: 0, opening: people[at]!.sign(effect) });
}

const wait = (ms: number) => timeline.run(timeline.now() + ms, () => false);
const blamed = () => Object.fromEntries(result!.finding.blamed.map((each) => [each.attempt, each.outcome]));

test("nobody is held responsible for anything where all commit and open", () => {
  for (const at of [0, 1, 2, 3]) commit(at);
  for (const at of [0, 1, 2, 3]) reveal(at);
  expect(result?.finding.verdict).toBe("valid");
  expect(blamed()).toEqual({});
});

test("who commits too late is late and no more, though its commit comes after all", async () => {
  for (const at of [0, 1, 2]) commit(at);
  await wait(limits.commitMsMax);
  expect(shown?.set.witnesses).toHaveLength(2);
  commit(3);
  for (const at of [0, 1, 2]) reveal(at);
  expect(result?.finding.verdict).toBe("valid");
  expect(blamed()).toEqual({ 3: "late" });
});

test("who saw the whole answer and says that it has nothing to commit to is as silent as who opens nothing", () => {
  for (const at of [0, 1]) commit(at);
  tell(2, { t: "committed", branch: 0 });
  commit(3);
  for (const at of [0, 1]) reveal(at);
  tell(3, { t: "revealed", branch: 0, refusal: "nothing" });
  expect(blamed()).toEqual({ 2: "silent", 3: "silent" });
});

test("who opens before it was shown anything breaks the rules, and so does who seals two envelopes", () => {
  const [early] = proofOf(answer, [{ leaves: leavesOf(tokens) }]).openings;
  for (const at of [0, 1]) commit(at);
  const { session, member } = people[1]!;
  const { node: _, ...second } = signCommit(session, answer, { node: member.node, sealed: "79".repeat(32) });
  tell(1, { t: "committed", branch: 0, commit: second });
  tell(2, { t: "revealed", branch: 0, opening: { ...early!, node: people[2]!.member.node } });
  for (const at of [2, 3]) commit(at);
  for (const at of [0, 1, 2, 3]) reveal(at);
  expect(result?.finding.verdict, "what they sealed first counts").toBe("valid");
  expect(blamed()).toEqual({ 1: "garbage", 2: "garbage" });
});

test("who forges its commit is held responsible for that, and not for missing the deadline by it", async () => {
  for (const at of [0, 1, 2]) commit(at);
  tell(3, { t: "committed", branch: 0, commit: { sealed: "79".repeat(32), signature: "AAAA" } });
  await wait(limits.commitMsMax);
  for (const at of [0, 1, 2]) reveal(at);
  expect(blamed()).toEqual({ 3: "garbage" });
});
