import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { leavesOf } from "../../test/rigs/committee.ts";
import { type ReceiptCase, receiptOf, sampling } from "../../test/rigs/receipt.ts";
import type { Receipt } from "../domain/verification/receipt.ts";
import { choose } from "../domain/verification/sampler.ts";
import { shippedPairs } from "../protocol/calibration.generated.ts";
import { tolerancesOf } from "../protocol/calibration.ts";
import { readReceiptFile, reportOnText, verify } from "./verify.ts";

const tokens = 64;
const tolerances = tolerancesOf(shippedPairs);
const seen = (machine: number) => ({ leaves: leavesOf(tokens, { machine, noise: 0.02 }) });
const report = async (receipt: unknown) => reportOnText(JSON.stringify(receipt), tolerances);
const reportCase = async (asked: ReceiptCase) => report(await receiptOf(asked));

test("an honest receipt is valid, and says what was and what was not checked", async () => {
  const { verdict, reasons, checked, notChecked } = await reportCase({});
  expect({ verdict, reasons }).toMatchObject({
    verdict: "valid",
    reasons: [expect.stringMatching(/^agreed: 2 of 2/)],
  });
  expect(checked.join("\n")).toMatch(
    /chunks.*\n.*prompt.*\n.*vouch.*\n.*commits.*\n.*Merkle.*\n.*distances.*\n.*margins/,
  );
  expect(notChecked.join("\n")).toMatch(/model.*\n.*tokenizer.*\n.*bonds/);
});

test("without the prompt it is inconclusive and says so, never valid", async () => {
  const { verdict, reasons, notChecked } = await reportCase({ withPrompt: false });
  expect(verdict).toBe("inconclusive");
  expect(reasons[0]).toMatch(/^no-prompt:/);
  expect(notChecked.some((each) => each.includes("prompt"))).toBe(true);
});

test("a speaker that was lost answers for its chunks, and the last one for the whole answer", async () => {
  const { verdict, checked } = await reportCase({ lostAt: 16 });
  expect(verdict).toBe("valid");
  expect(checked[0]).toMatch(/8 chunks by 2 speakers/);
});

test("whose words have no fingerprint of their own is said, and why, as far as offers tell", async () => {
  const saying = async (asked: ReceiptCase) => (await reportCase(asked)).notChecked.join("\n");
  expect(await saying({})).not.toMatch(/own fingerprint|never tried/);
  expect(await saying({ lostAt: 16 })).toMatch(/own fingerprint of who said tokens 0 to 15: it was gone/);
  const sampled = await saying({ lostAt: 16, lostEngine: { sampled: true } });
  expect(sampled).toMatch(/own fingerprint of who said tokens 0 to 15: its engine shows none/);
  expect(sampled).not.toMatch(/never tried/);
  const unverified = await saying({ lostAt: 24, lostEngine: { unverified: true } });
  expect(unverified).toMatch(/tokens 0 to 23: its engine shows none\n.*tokens 0 to 23: .* never tried/);
});

test("an answer of another model is invalid, and its executor is named", async () => {
  const receipt = await receiptOf({ parts: [{ leaves: leavesOf(tokens, { model: 7 }) }, seen(1), seen(2)] });
  const { verdict, reasons } = await report(receipt);
  expect(verdict).toBe("invalid");
  expect(reasons.join()).toContain(receipt.proof.set.executor.node);
});

test("tokens drawn with another seed are contradicted by the executor's own fingerprint, though every witness colludes", async () => {
  const ids = seen(1).leaves.map((leaf, position) => {
    const candidates = leaf.ids.map((id, at) => ({ id, logit: -leaf.steps[at]! / 256 }));
    return choose(candidates, { ...sampling, seed: "99".repeat(32) }, position).id;
  });
  const { verdict, reasons } = await reportCase({ ids });
  expect(verdict).toBe("invalid");
  expect(reasons.join()).toMatch(/its own fingerprint/);
});

test("one honest and one silent witness leave it inconclusive", async () => {
  const receipt = await receiptOf();
  const openings = receipt.proof.openings.slice(0, 2);
  const { verdict, reasons } = await report({ ...receipt, proof: { ...receipt.proof, openings } });
  expect(verdict).toBe("inconclusive");
  expect(reasons.join()).toMatch(/not-opened.*no-quorum: 1 of 2/);
});

test("an executor that committed to nothing, or a beacon nobody here knows, leaves it inconclusive", async () => {
  const receipt = await receiptOf();
  const { set } = receipt.proof;
  const silent = { ...receipt, proof: { ...receipt.proof, set: { ...set, commits: set.commits.slice(1) } } };
  expect(await report(silent)).toMatchObject({
    verdict: "inconclusive",
    reasons: [expect.stringMatching(/^no-executor/)],
  });
  const drawn = {
    ...receipt,
    proof: { ...receipt.proof, set: { ...set, committee: { kind: "drawn", epoch: 0, block: 5 } } },
  };
  expect(await report(drawn)).toMatchObject({
    verdict: "inconclusive",
    reasons: [expect.stringMatching(/^beacon-unknown/)],
  });
});

test("keys that no offer vouches for convince nobody", async () => {
  const receipt = await receiptOf();
  expect(await report({ ...receipt, offers: [] })).toMatchObject({ verdict: "inconclusive" });
  const forged = receipt.offers.map(({ body, signature }) => ({
    body: body.replace('"slots":1', '"slots":2'),
    signature,
  }));
  const { verdict, reasons } = await report({ ...receipt, offers: forged });
  expect(verdict).toBe("inconclusive");
  expect(reasons[0]).toMatch(/^not-vouched-for/);
});

test("profiles that nobody calibrated leave it inconclusive", async () => {
  const text = JSON.stringify(await receiptOf());
  const { verdict, reasons } = await reportOnText(text, () => undefined);
  expect(verdict).toBe("inconclusive");
  expect(reasons.join()).toMatch(/not-calibrated/);
});

test("whatever is changed in what was asked or said makes it invalid", async () => {
  const receipt = await receiptOf();
  const [first, ...rest] = receipt.chunks as [Receipt["chunks"][0], ...Receipt["chunks"][0][]];
  const withFirst = (change: object) => ({
    ...receipt,
    chunks: [{ ...first, chunk: { ...first.chunk, ...change } }, ...rest],
  });
  const other = { kind: "chat", messages: [{ role: "user", content: "Why is the sky green?" }] };
  const cases: Record<string, unknown> = {
    "forged-chunk": withFirst({ text: "other words" }),
    "chunks-out-of-order": { ...receipt, chunks: [...rest, first] },
    "words-after-the-end": {
      ...receipt,
      chunks: [first, ...rest.slice(0, -1), rest.at(-1), rest.at(-1)].map((said, at) =>
        at === 8 ? { ...said!, chunk: { ...said!.chunk, start: 64 } } : said,
      ),
    },
    "other-transcript": { ...receipt, chunks: receipt.chunks.slice(0, -1) },
    "other-speaker": { ...receipt, chunks: (await receiptOf({ lostAt: 64 })).chunks },
    "other-spec": { ...receipt, sampling: { ...sampling, temperature: 0.8 } },
    "other-prompt": { ...receipt, prompt: other },
    "wrong-secret": { ...receipt, proof: { ...receipt.proof, secret: "00".repeat(32) } },
  };
  for (const [word, changed] of Object.entries(cases)) {
    const { verdict, reasons } = await report(changed);
    expect({ verdict, reasons: reasons.join() }, word).toMatchObject({
      verdict: "invalid",
      reasons: expect.stringContaining(word === "other-speaker" ? "the answer shown" : word),
    });
  }
  for (const text of ["", "{", "null", "[]", "5", JSON.stringify({ ...receipt, v: 2 })])
    expect(await reportOnText(text, tolerances)).toMatchObject({
      verdict: "inconclusive",
      reasons: [expect.stringMatching(/^not-a-receipt/)],
    });
});

test("an answer that does not fit the schema asked for is invalid, though everybody agrees on it", async () => {
  const { verdict, reasons } = await reportCase({ schema: '{"type":"object"}' });
  expect(verdict).toBe("invalid");
  expect(reasons.join()).toContain("other-form");
});

test("exported as an in-toto attestation it says the same, and a changed envelope is refused", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-verify-"));
  const [file, exported] = [join(folder, "receipt.json"), join(folder, "receipt.dsse.json")];
  const before = process.exitCode;
  try {
    writeFileSync(file, JSON.stringify(await receiptOf()));
    await verify(file, { home: folder, export: exported, json: true });
    expect(process.exitCode).toBe(0);
    const envelope = JSON.parse(readFileSync(exported, "utf8")) as {
      payload: string;
      signatures: { sig: string }[];
    };
    const { subject } = JSON.parse(Buffer.from(envelope.payload, "base64").toString()) as {
      subject: unknown;
    };
    expect(subject).toMatchObject([
      { name: "answer", digest: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } },
      {},
    ]);
    const { verdict, checked } = await report(envelope);
    expect(verdict).toBe("valid");
    expect(checked[0]).toMatch(/^the envelope, signed by 0x/);
    const changed = Buffer.from(envelope.payload, "base64").toString().replace("sky", "sea");
    const forged = await report({ ...envelope, payload: Buffer.from(changed).toString("base64") });
    expect(forged).toMatchObject({
      verdict: "invalid",
      reasons: [expect.stringMatching(/^forged-envelope/)],
    });
  } finally {
    process.exitCode = before;
    rmSync(folder, { recursive: true });
  }
});

test("numbers that are none, absurd ids and oversize openings are no receipt", async () => {
  const receipt = await receiptOf();
  const [opening] = receipt.proof.openings;
  const withOpening = (change: object) => ({
    ...receipt,
    proof: { ...receipt.proof, openings: [{ ...opening, ...change }] },
  });
  const [said] = receipt.chunks;
  const bad = [
    withOpening({ leaves: "A".repeat(40_000) }),
    withOpening({ root: "xyz" }),
    withOpening({ statement: { ...opening!.statement, seq: 2 ** 60 } }),
    { ...receipt, tokensMax: null },
    { ...receipt, chunks: [{ ...said, chunk: { ...said!.chunk, ids: [2 ** 33] } }] },
    { ...receipt, extra: true },
  ];
  for (const each of bad) expect((await report(each)).reasons[0]).toMatch(/^not-a-receipt/);
});

test("what is no regular file is refused at once, not waited for", () => {
  for (const path of ["/dev/zero", tmpdir()])
    expect(() => readReceiptFile(path)).toThrow(expect.objectContaining({ code: "receipt-unreadable" }));
});
