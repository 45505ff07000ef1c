import type { Receipt } from "../domain/verification/receipt.ts";
import { HoldfastError } from "../protocol/errors.ts";
import { readReceipt } from "../protocol/receipt.ts";
import { readUnwatched } from "../protocol/unwatched.ts";
import { audit as hold } from "../roles/auditor/audit.ts";
import { openOrderOf } from "../roles/auditor/reading.ts";
import { verdictCode } from "./fail.ts";
import { text } from "./flag-values.ts";
import { commandLog } from "./log.ts";
import { lookOn } from "./onlooker.ts";
import { openOut } from "./out-file.ts";
import { type Flags, readSettings } from "./settings.ts";
import { onStop } from "./stopping.ts";
import { nextDraw, untilBlock } from "./until-block.ts";
import { readReceiptFile } from "./verify.ts";

/**
 * `holdfast audit RECEIPT.json`: has an answer that nobody watched audited now, by those whom the next beacon draws, and
 * writes the receipt that comes of it. Exit code 0 valid, 1 invalid, 2 inconclusive; 3 or 4 when it comes to no verdict.
 * Throws HoldfastError `not-a-receipt`, `no-prompt` (fault user), `too-few-auditors`, `out-unwritable` (fault environment).
 */
export async function audit(file: string, flags: Flags): Promise<void> {
  const settings = readSettings(flags, process.env);
  const kept = receiptIn(readReceiptFile(file));
  const out = text(flags, "out") ?? `${file.replace(/\.json$/, "")}.audited.json`;
  const write = openOut(out);
  const { ports, close } = await lookOn(settings, commandLog(settings), kept);
  const ending = onStop(close);
  const epoch = await nextDraw(ports.beacons);
  await untilBlock(ports.beacons, epoch, ending);
  const audited = await hold(ports, kept, epoch, ending);
  if (audited === undefined || audited === "nobody-drawn" || audited === "refused")
    throw new HoldfastError("Too few of those drawn are there, or the executor is not.", {
      ...{ code: "too-few-auditors", fault: "environment", retryable: true },
      remedy: "Try again: another epoch draws others.",
    });
  write(audited.receipt);
  await close();
  const { verdict, members } = audited.ruling;
  const auditors = members.slice(1).map(({ node, stands }) => ({ node, stands }));
  if (flags["json"]) console.log(JSON.stringify({ verdict, auditors, receipt: out }));
  else console.log(`${verdict}, by ${auditors.length} auditors; the receipt is in ${out}`);
  process.exit(verdictCode[verdict]);
}

/** Of an answer that can be audited: without its prompt nobody need wait for the next epoch. */
function receiptIn(given: string): Receipt {
  const receipt = readReceipt(given);
  const kept = "complaint" in receipt ? readUnwatched(given)?.receipt : receipt;
  if (kept === undefined)
    throw new HoldfastError("The file holds no receipt.", { code: "not-a-receipt", fault: "user" });
  openOrderOf(kept, 0);
  return kept;
}
