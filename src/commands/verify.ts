import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { addressOf, loadNodeKey } from "../adapters/keys/node-key.ts";
import { verify as isSigned } from "../adapters/keys/session.ts";
import { openOffer } from "../adapters/libp2p/sealed-offer.ts";
import type { Address, SessionKey } from "../domain/ids.ts";
import type { Receipt } from "../domain/verification/receipt.ts";
import { type Report, reportOn } from "../domain/verification/report.ts";
import type { Tolerances } from "../domain/verification/tolerance.ts";
import { shippedPairs } from "../protocol/calibration.generated.ts";
import { tolerancesOf } from "../protocol/calibration.ts";
import { HoldfastError } from "../protocol/errors.ts";
import { limits } from "../protocol/limits.ts";
import { readReceipt } from "../protocol/receipt.ts";
import { readTolerances } from "./calibration.ts";
import { type Flags, readSettings } from "./settings.ts";

const exitCodes = { valid: 0, invalid: 1, inconclusive: 2 } as const;
const marks = { valid: "✓", invalid: "✗", inconclusive: "·" } as const;

/**
 * `holdfast verify RECEIPT.json`: checks a receipt from scratch, with nothing but the receipt and a calibration.
 * `--json`: `{verdict, reasons, checked, notChecked}`. Exit code 0 valid, 1 invalid, 2 inconclusive; 3 when there is
 * no file to read.
 */
export async function verify(file: string, flags: Flags): Promise<void> {
  const { home } = readSettings(flags, process.env);
  const report = await reportOnText(read(file), await tolerancesAt(home));
  if (flags["json"]) console.log(JSON.stringify(report));
  else print(report);
  process.exitCode = exitCodes[report.verdict];
}

/** What follows from a file's text, whatever is in it. */
export async function reportOnText(text: string, tolerances: Tolerances): Promise<Report> {
  const receipt = readReceipt(text);
  if ("complaint" in receipt)
    return {
      verdict: "invalid",
      reasons: [`not-a-receipt: ${receipt.complaint}`],
      checked: ["form"],
      notChecked: ["everything that a receipt would hold"],
    };
  const keys = await vouchedKeys(receipt);
  // A beacon is read from the chain; without one, a drawn committee's receipt says so.
  const rules = { verify: isSigned, tolerances, beaconAt: () => undefined };
  return reportOn(receipt, { ...rules, vouchedBy: (key) => keys.get(key) ?? [] });
}

/** Session keys that offers in the receipt name, and the nodes that signed these. They may have expired since. */
async function vouchedKeys({ offers, market }: Receipt): Promise<Map<SessionKey, Address[]>> {
  const keys = new Map<SessionKey, Address[]>();
  for (const signed of offers) {
    const opened = await openOffer(Buffer.from(JSON.stringify(signed)), market, () => "newer");
    if ("refusal" in opened) continue;
    const { sessionKey, address } = opened.offer;
    keys.set(sessionKey, [...(keys.get(sessionKey) ?? []), address]);
  }
  return keys;
}

/** This node's own calibration where it has one, and what ships with the program. */
async function tolerancesAt(home: string): Promise<Tolerances> {
  const isCalibrated = existsSync(join(home, "calibration.json"));
  return isCalibrated ? readTolerances(home, addressOf(loadNodeKey(home))) : tolerancesOf(shippedPairs);
}

function read(file: string): string {
  try {
    if (statSync(file).size > limits.receiptBytesMax) throw new Error("it is larger than any receipt");
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
