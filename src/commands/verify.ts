import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createBeacons } from "../adapters/chain/beacons.ts";
import { openEnvelope, sealEnvelope } from "../adapters/keys/envelope-signature.ts";
import { addressOf, loadNodeKey } from "../adapters/keys/node-key.ts";
import { verify as isSigned } from "../adapters/keys/session.ts";
import { openOffer } from "../adapters/libp2p/sealed-offer.ts";
import { systemClock as clock } from "../adapters/system/clock.ts";
import type { Address, SessionKey } from "../domain/ids.ts";
import { attestationOf } from "../domain/verification/attestation.ts";
import type { Receipt } from "../domain/verification/receipt.ts";
import type { Replayed } from "../domain/verification/replayed.ts";
import { type EngineSaid, type Report, reportOn } from "../domain/verification/report.ts";
import type { Tolerances } from "../domain/verification/tolerance.ts";
import { shippedPairs } from "../protocol/calibration.generated.ts";
import { tolerancesOf } from "../protocol/calibration.ts";
import { HoldfastError } from "../protocol/errors.ts";
import { limits } from "../protocol/limits.ts";
import type { Offer } from "../protocol/offer.ts";
import { readEnvelope, readReceipt } from "../protocol/receipt.ts";
import { latestExpiry } from "../protocol/statement-life.ts";
import { replay } from "../roles/auditor/replay.ts";
import { lookUpReceipt } from "../roles/committee/drawn-receipt.ts";
import { readTolerances } from "./calibration.ts";
import { openEngine } from "./engine.ts";
import { verdictCode } from "./fail.ts";
import { commandLog } from "./log.ts";
import { openOut } from "./out-file.ts";
import { type Flags, readSettings } from "./settings.ts";
import { reportOnEquivocations } from "./verify-equivocation.ts";
import { reportOnEvidence } from "./verify-evidence.ts";
import { reportOnVectors } from "./verify-vectors.ts";

const marks = { valid: "✓", invalid: "✗", inconclusive: "·" } as const;

/**
 * `holdfast verify RECEIPT.json`: checks a receipt from scratch, with nothing but the receipt and a calibration, and
 * with `--model FILE` computes its answer again, and with `--rpc URL` asks its chain who was drawn. `--json`: `{verdict,
 * reasons, checked, notChecked}`. Exit code 0 valid, 1 invalid, 2 inconclusive; 3 or 4 when it comes to no verdict, or
 * nothing could be exported, which the report comes before.
 */
export async function verify(file: string, flags: Flags): Promise<void> {
  const { home, rpc } = readSettings(flags, process.env);
  const text = readReceiptFile(file);
  const write = typeof flags["export"] === "string" ? openOut(flags["export"]) : undefined;
  const again = flags["model"] === undefined ? {} : { again: replayWith(flags) };
  const { model } = flags;
  const ofVectors = { model: typeof model === "string" ? model : undefined, vouchedKeys };
  const report =
    (await reportOnVectors(text, ofVectors)) ??
    (await reportOnText(text, await tolerancesAt(home), { ...again, rpcs: rpc ?? [] }));
  if (flags["json"]) console.log(JSON.stringify(report));
  else print(report);
  process.exitCode = verdictCode[report.verdict];
  write?.(await exported(text, home));
}

/** What follows from a file's text, whatever is in it: a receipt, or one in an envelope that somebody signed. */
export async function reportOnText(text: string, tolerances: Tolerances, means: Means = {}): Promise<Report> {
  const equivocated = await reportOnEquivocations(text, { vouchedKeys });
  if (equivocated !== undefined) return equivocated;
  const disputed = await reportOnEvidence(text, tolerances, { rpcs: means.rpcs ?? [], vouchedKeys });
  if (disputed !== undefined) return disputed;
  const envelope = readEnvelope(text);
  if (envelope === undefined) return reportOnReceipt(readReceipt(text), tolerances, means);
  const { text: inner, signers } = await openEnvelope(envelope);
  if (signers.length < envelope.signatures.length)
    return refused("forged-envelope: a signature on it does not hold");
  const { checked, ...report } = await reportOnReceipt(readReceipt(inner), tolerances, means);
  return { ...report, checked: [`the envelope, signed by ${signers.join(", ")}`, ...checked] };
}

/** Computes a receipt's answer again. */
type Again = (receipt: Receipt) => Promise<Replayed>;

/** What else is at hand: a model, and endpoints of the receipt's chain. */
interface Means {
  readonly again?: Again;
  readonly rpcs?: readonly string[];
}

async function reportOnReceipt(
  receipt: ReturnType<typeof readReceipt>,
  tolerances: Tolerances,
  { again, rpcs = [] }: Means,
): Promise<Report> {
  if ("complaint" in receipt)
    return refused(
      `not-a-receipt: ${receipt.complaint}. An answer names its receipt: GET /v1/receipts/JOB`,
      "inconclusive",
    );
  const offers = await offersIn(receipt);
  const keys = keysIn(offers);
  const engines = enginesIn(offers, receipt);
  // Beacons and stakes are on the chain; without one, a drawn committee's receipt says so.
  const vouchedBy = (key: SessionKey) => keys.get(key) ?? [];
  const beacons =
    rpcs.length === 0 ? undefined : createBeacons({ log: commandLog({}) }, { rpcs, ...receipt.market });
  const drawn = beacons && (await lookUpReceipt({ beacons, verify: isSigned, vouchedBy }, receipt));
  const beaconAt = (block: number) => (block === drawn?.positions.block ? drawn.positions.beacon : undefined);
  const expiryMax = latestExpiry(clock.wall());
  const rules = {
    verify: isSigned,
    tolerances,
    schemas: limits,
    beaconAt,
    expiryMax,
    ...(drawn && { drawn }),
    engineOf: (key: SessionKey) => engines.get(key),
  };
  const replayed = receipt.prompt === undefined ? undefined : await again?.(receipt);
  return reportOn(receipt, { ...rules, vouchedBy }, replayed);
}

/** Reads the answer again with the model of `--model FILE`. */
function replayWith(flags: Flags): Again {
  return async (receipt) => {
    const stop = new AbortController();
    const engine = await openEngine({ ...readSettings(flags, process.env), slots: 1 }, stop.signal);
    try {
      if (engine.kind !== "token") {
        throw new HoldfastError("This engine shows no logits, so it cannot compute the answer again.", {
          code: "cannot-witness",
          fault: "user",
          remedy: "Give --model a GGUF file.",
        });
      }
      return await replay({ clock }, engine, receipt, stop.signal);
    } finally {
      await engine.close();
    }
  };
}

/** Of a file that is no receipt follows nothing about any answer: that it were a lie would be one. */
function refused(reason: string, verdict: Report["verdict"] = "invalid"): Report {
  const notChecked = ["everything that a receipt would hold"];
  return { verdict, reasons: [reason], checked: ["its form"], notChecked };
}

type Vouched = Pick<Receipt, "offers" | "market">;

/** Session keys that offers in the receipt name, and the nodes that signed these. */
async function vouchedKeys(receipt: Vouched): Promise<Map<SessionKey, Address[]>> {
  return keysIn(await offersIn(receipt));
}

/** The offers of a receipt whose signatures hold. They may have expired since. */
async function offersIn({ offers, market }: Vouched): Promise<Offer[]> {
  const found: Offer[] = [];
  for (const signed of offers) {
    const opened = await openOffer(Buffer.from(JSON.stringify(signed)), market, () => "newer");
    if (!("refusal" in opened)) found.push(opened.offer);
  }
  return found;
}

function keysIn(offers: readonly Offer[]): Map<SessionKey, Address[]> {
  const keys = new Map<SessionKey, Address[]>();
  for (const { sessionKey, address } of offers)
    keys.set(sessionKey, [...(keys.get(sessionKey) ?? []), address]);
  return keys;
}

function enginesIn(offers: readonly Offer[], receipt: Receipt): Map<SessionKey, EngineSaid> {
  const engines = new Map<SessionKey, EngineSaid>();
  for (const { sessionKey, models } of offers) {
    const model = models.find(({ id }) => id === receipt.model);
    if (model === undefined) continue;
    engines.set(sessionKey, { sampled: model.sampled === true, unverified: model.unverified === true });
  }
  return engines;
}

/** This node's own calibration where it has one, and what ships with the program. */
async function tolerancesAt(home: string): Promise<Tolerances> {
  const isCalibrated = existsSync(join(home, "calibration.json"));
  return isCalibrated ? readTolerances(home, addressOf(loadNodeKey(home))) : tolerancesOf(shippedPairs);
}

/** The receipt as an in-toto attestation in a DSSE envelope, signed by this node's key. */
async function exported(text: string, home: string): Promise<unknown> {
  const receipt = readReceipt(text);
  if ("complaint" in receipt)
    throw new HoldfastError("Only a receipt can be exported.", {
      ...{ code: "not-a-receipt", fault: "user", facts: { reason: receipt.complaint } },
    });
  return sealEnvelope(JSON.stringify(attestationOf(receipt)), loadNodeKey(home));
}

/** What a file holds that may be a receipt. Throws HoldfastError `receipt-unreadable` (fault environment). */
export function readReceiptFile(file: string): string {
  try {
    // Before it is opened: a pipe would be waited for, and a device read, for ever.
    const facts = statSync(file);
    if (!facts.isFile()) throw new Error("it is not a regular file");
    if (facts.size > limits.receiptBytesMax) throw new Error("it is larger than any receipt");
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new HoldfastError("The receipt could not be read.", {
      ...{ code: "receipt-unreadable", fault: "environment", cause },
      facts: { file, reason: cause instanceof Error ? cause.message : String(cause) },
      remedy: "Name a file that holds one receipt as JSON.",
    });
  }
}

function print({ verdict, reasons, checked, notChecked }: Report): void {
  console.log(`${marks[verdict]} ${verdict}`);
  for (const reason of reasons) console.log(`  ${reason}`);
  console.log("checked");
  for (const each of checked) console.log(`  ${each}`);
  console.log("not checked");
  for (const each of notChecked) console.log(`  ${each}`);
}
