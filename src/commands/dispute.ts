import { verify as isSigned } from "../adapters/keys/session.ts";
import { type Contradiction, contradictionIn } from "../domain/verification/contradiction.ts";
import { firstApart } from "../domain/verification/dispute.ts";
import { type Receipt, tokensOf } from "../domain/verification/receipt.ts";
import { rule } from "../domain/verification/ruling.ts";
import { HoldfastError } from "../protocol/errors.ts";
import type { Evidence } from "../protocol/evidence.ts";
import type { AuditPorts } from "../roles/auditor/audit.ts";
import { referee } from "../roles/auditor/referee.ts";
import { readDisputed } from "./disputed.ts";
import { text } from "./flag-values.ts";
import { commandLog } from "./log.ts";
import { lookOn } from "./onlooker.ts";
import { openOut } from "./out-file.ts";
import { type Flags, readSettings } from "./settings.ts";
import { onStop } from "./stopping.ts";
import { nextDraw, untilBlock } from "./until-block.ts";

/** A single position's distance from here on is worth naming, logits: honest ones are far below. */
const apartMin = 0.5;

/**
 * `holdfast dispute FILE`: has two who contradict each other in a receipt judged by referees. The file is a receipt with
 * its prompt, or the evidence of an earlier run, which then goes on. Prints who lost; "nobody" is an answer too. Throws
 * HoldfastError `nothing-in-dispute`, `not-a-receipt`, `other-evidence` (fault user), `too-few-referees`,
 * `out-unwritable` (fault environment).
 */
export async function dispute(file: string, flags: Flags): Promise<void> {
  const settings = readSettings(flags, process.env);
  const log = commandLog(settings);
  const { receipt, earlier, out } = readDisputed(file, text(flags, "out"));
  const write = openOut(out);
  const { ports, close } = await lookOn(settings, log, receipt);
  const ending = onStop(close);
  const evidence = earlier ?? (await evidenceOf(ports, receipt));
  write(evidence);
  // Referees are drawn by a beacon that nobody could know when the dispute came up.
  await untilBlock(ports.beacons, evidence.epoch, ending);
  const { word, ...refereed } = await referee(ports, evidence, evidence.epoch, ending);
  const settled = { ...refereed, word: `0x${Buffer.from(word).toString("hex")}` };
  write({ ...evidence, settled });
  await close();
  tell(flags, { ...evidence, settled }, out);
  process.exit(0);
}

async function evidenceOf({ beacons, rules }: AuditPorts, receipt: Receipt): Promise<Evidence> {
  const { proof } = receipt;
  // Its own beacon is believed here: who settles the dispute asks the chain.
  const own = { ...rules, verify: isSigned, beaconAt: () => proof.secret };
  const contradiction = contradictionIn(rule(proof, own, tokensOf(receipt)));
  if (contradiction === undefined)
    throw new HoldfastError("Nobody in this receipt contradicts anybody.", {
      ...{ code: "nothing-in-dispute", fault: "user" },
      remedy: "`holdfast verify` says what is in it.",
    });
  const apartAt = firstApart({ proof, ...contradiction }, apartMin, own) ?? null;
  const epoch = await nextDraw(beacons);
  return { v: 1, kind: "dispute", receipt, ...contradiction, apartAt, epoch };
}

function tell(
  flags: Flags,
  evidence: Evidence & { settled: NonNullable<Evidence["settled"]> },
  out: string,
): void {
  const { accused, accuser, apartAt, settled } = evidence;
  const { loser, reference, word } = settled;
  const parties: Contradiction & { readonly nobody: null } = { accused, accuser, nobody: null };
  if (flags["json"])
    return console.log(
      JSON.stringify({
        loser,
        node: parties[loser],
        accused,
        accuser,
        apartAt,
        reference,
        word,
        evidence: out,
      }),
    );
  console.log(
    `${accused} and ${accuser} contradict each other${apartAt === null ? "" : ` from token ${apartAt} on`}.`,
  );
  console.log(`${settled.referees.set.commits.length} referees computed it on ${reference}.`);
  console.log(
    loser === "nobody" ? "It goes against nobody." : `It goes against ${parties[loser]} (the ${loser}).`,
  );
  console.log(`For the judge: ${word}\nAll of it is in ${out}`);
}
