import { bytesToHex } from "@noble/hashes/utils.js";
import { expect, test } from "vitest";
import { createPerson, market, proofOf, rulingRules } from "../../../test/rigs/committee.ts";
import { systemClock as clock } from "../../adapters/system/clock.ts";
import type { JobId, ModelId } from "../../domain/ids.ts";
import { transcriptNext, transcriptStart } from "../../domain/inference/transcript.ts";
import { answerIdOf } from "../../domain/verification/answer-id.ts";
import type { Receipt, SaidChunk } from "../../domain/verification/receipt.ts";
import { reportOn } from "../../domain/verification/report.ts";
import type { TokenEngine } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";
import { createSimulatedEngine } from "../../simulator/engine.ts";
import { createAnswer } from "../provider/answer.ts";
import { openTokenVoice } from "../provider/token-voice.ts";
import { replay } from "./replay.ts";

const model = { id: `sha256:${"0d".repeat(32)}` as ModelId, slots: 4, contextTokens: 512 };
const spec = {
  job: "0a".repeat(32) as JobId,
  model: model.id,
  prompt: { kind: "text", text: "once upon a time there was a node" },
  sampling: { temperature: 0.7, topP: 1, seed: "5d".repeat(32) },
  tokensMax: 48,
} as const;
const { signal } = new AbortController();
const engineOf = (name: string, otherModel = false): TokenEngine =>
  createSimulatedEngine(
    clock,
    name,
    { stepMs: 0, judgeMsPerToken: 0, noise: 0.05, otherModel, stalled: false },
    model,
  );

/** What one engine says, alone: an executor that nobody watched, and its opened fingerprint. */
async function answeredBy(engine: TokenEngine, text = (said: string) => said): Promise<Receipt> {
  const asked = {
    t: "open",
    ...spec,
    tokensDefault: 48,
    contextTokens: 512,
    holdMs: 250,
    deadlineMs: 1e6,
  } as const;
  const voice = await openTokenVoice({ clock }, engine, asked, signal);
  const { promptDigest } = voice;
  const person = createPerson("simulated");
  const answer = createAnswer(spec.job, promptDigest);
  let digest = transcriptStart(spec.job, promptDigest);
  const chunks: SaidChunk[] = [];
  while (chunks.at(-1)?.chunk.end === undefined) {
    const said = (await voice.speak(answer, () => false, signal))!;
    const chunk = { ...said, text: text(said.text) };
    digest = transcriptNext(digest, chunk);
    chunks.push({
      chunk: { ...chunk, signature: person.session.sign(digest) },
      speaker: person.member.sessionKey,
    });
    answer.append(said);
  }
  const id = answerIdOf(spec, { promptDigest, transcript: bytesToHex(digest), tokens: answer.end });
  const proof = proofOf(id, [{ leaves: voice.leaves(answer.end)! }], [person]);
  const { model, prompt, sampling, tokensMax } = spec;
  return { v: 1, market, model, prompt, sampling, tokensMax, promptDigest, chunks, proof, offers: [] };
}

async function reportAgain(receipt: Receipt, engine = engineOf("auditor")) {
  const replayed = await replay({ clock }, engine, receipt, signal);
  const vouchedBy = () => [receipt.proof.set.executor.node];
  return reportOn(receipt, { ...rulingRules, schemas: limits, vouchedBy }, replayed);
}

test("an honest answer that nobody watched is valid once one's own model agrees", async () => {
  const receipt = await answeredBy(engineOf("executor"));
  const { verdict, reasons, checked, notChecked } = await reportAgain(receipt);
  expect({ verdict, reasons }).toMatchObject({
    verdict: "valid",
    reasons: [expect.stringMatching(/^replayed:/)],
  });
  expect(checked.at(-1)).toMatch(/own model/);
  expect(notChecked.join()).not.toMatch(/computed again/);
});

test("another model's answer, and one drawn with another seed, are invalid", async () => {
  const other = await answeredBy(engineOf("executor", true));
  const { verdict, reasons } = await reportAgain(other);
  expect({ verdict, first: reasons[0] }).toMatchObject({
    ...{ verdict: "invalid", first: expect.stringMatching(/^replayed-otherwise/) },
  });
  const receipt = await answeredBy(engineOf("executor"));
  const reseeded = { ...receipt, sampling: { ...spec.sampling, seed: "99".repeat(32) } };
  const replayed = await replay({ clock }, engineOf("auditor"), reseeded, signal);
  expect(replayed.margins.max).toBeGreaterThan(1.2);
});

test("words that are not those of the ids are invalid, and so is a prompt of other ids", async () => {
  const receipt = await answeredBy(engineOf("executor"), (said) => said.toUpperCase().replace(/:/, ";"));
  const { verdict, reasons } = await reportAgain(receipt);
  expect({ verdict, reasons: reasons.join() }).toMatchObject({
    verdict: "invalid",
    reasons: expect.stringContaining("other-text"),
  });
  const replayed = await replay({ clock }, engineOf("auditor"), receipt, signal);
  const elsewhere = reportOn(
    receipt,
    { ...rulingRules, schemas: limits, vouchedBy: () => [receipt.proof.set.executor.node] },
    { ...replayed, promptDigest: "00".repeat(32) },
  );
  expect(elsewhere.reasons.join()).toContain("other-prompt-ids");
});

test("without the prompt, or with another model file, nothing is computed", async () => {
  const { prompt: _, ...receipt } = await answeredBy(engineOf("executor"));
  await expect(replay({ clock }, engineOf("auditor"), receipt, signal)).rejects.toMatchObject({
    code: "no-prompt",
  });
  const other = {
    ...(await answeredBy(engineOf("executor"))),
    model: `sha256:${"0e".repeat(32)}` as ModelId,
  };
  await expect(replay({ clock }, engineOf("auditor"), other, signal)).rejects.toMatchObject({
    code: "other-model",
  });
});
