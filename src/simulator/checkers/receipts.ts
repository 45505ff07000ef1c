import type { JobId, SessionKey } from "../../domain/ids.ts";
import type { Receipt } from "../../domain/verification/receipt.ts";
import { type Report, reportOn } from "../../domain/verification/report.ts";
import { limits } from "../../protocol/limits.ts";
import { readReceipt } from "../../protocol/receipt.ts";
import { lookUpReceipt } from "../../roles/committee/drawn-receipt.ts";
import type { SimulatedGateway } from "../gateway.ts";
import { openOffer, simulatedTolerance, verify } from "../identity.ts";
import { contextOf, endId, tokensOf } from "../model.ts";
import type { World } from "../world.ts";
import { checkTruth } from "./truth.ts";

/**
 * What strangers make of the receipts that gateways keep: none of true words reads invalid, none of false ones valid, and
 * what is kept as evidence convicts a liar. The prompts have to be in them. `mustHold`: does this one have to read valid?
 */
export async function checkReceipts(
  world: World,
  mustHold: (job: JobId) => boolean = () => false,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const gateway of world.gateways) {
    for (const receipt of receiptsIn(gateway, "receipts")) {
      const { verdict, reasons } = await read(world, receipt);
      const wrong = untruthIn(receipt);
      const { job } = receipt.proof.set.answer;
      const name = `${gateway.name}'s receipt of ${job.slice(0, 8)}`;
      if (verdict === "valid" && wrong !== undefined) found.push(`${name} reads valid, and ${wrong}`);
      if (isAudited(receipt) && wrong !== undefined && verdict !== "invalid")
        found.push(`${name} was audited, and its lie was not found`);
      if (verdict === "invalid" && wrong === undefined && !isOfAnotherChain(world, receipt))
        found.push(`${name} reads invalid, and its words are true: ${reasons.join(" ")}`);
      if (verdict !== "valid" && mustHold(job) && !isShort(reasons))
        found.push(`${name} reads ${verdict}: ${reasons.join(" ")}`);
    }
    for (const receipt of receiptsIn(gateway, "evidence")) {
      const { executor } = receipt.proof.set;
      if (untruthIn(receipt) === undefined)
        found.push(`${gateway.name} keeps evidence against ${executor.node}, whose words are true`);
      else if ((await read(world, receipt)).verdict !== "invalid")
        found.push(`${gateway.name} keeps evidence against ${executor.node} that convinces nobody`);
    }
  }
  return found;
}

/** Nobody watched it, and drawn nodes have read it again. */
function isAudited({ drawn, proof }: Receipt): boolean {
  return drawn === undefined && proof.set.committee.kind === "drawn" && proof.openings.length > 0;
}

/** Too few of those drawn had a seat free, which is nobody's fault and is said. */
function isShort(reasons: readonly string[]): boolean {
  return reasons.length > 0 && reasons.every((reason) => reason.startsWith("fewer-than-drawn"));
}

/** A block that drew it, or its positions, is another by now: nobody can tell that from a lie about the block. */
function isOfAnotherChain({ ledger }: World, { proof }: Receipt): boolean {
  const { committee } = proof.set;
  return committee.kind === "drawn" && [committee.epoch, committee.block].some(ledger.wasOther);
}

function receiptsIn({ disk }: SimulatedGateway, folder: string): Receipt[] {
  return [...disk.contents(folder).values()].map((text) => {
    const receipt = readReceipt(text);
    if ("complaint" in receipt) throw new Error(`${folder} that cannot be read: ${receipt.complaint}`);
    return receipt;
  });
}

/** A stranger has the receipt and sees the chain as it is. */
async function read({ timeline, ledger }: World, receipt: Receipt): Promise<Report> {
  const offers = receipt.offers.flatMap((signed) => openOffer(signed) ?? []);
  const vouchedBy = (key: SessionKey) =>
    offers.filter(({ sessionKey }) => sessionKey === key).map(({ address }) => address);
  const clock = timeline.clock();
  const looking = lookUpReceipt({ beacons: ledger.beacons("stranger", clock), verify, vouchedBy }, receipt);
  // What it asks the chain takes time, and time is the simulation's.
  await timeline.run(timeline.now() + lookMs, () => false);
  const drawn = await looking;
  return reportOn(receipt, {
    ...{ verify, vouchedBy, tolerances: () => simulatedTolerance, schemas: limits },
    beaconAt: (block) => (block === drawn?.positions.block ? drawn.positions.beacon : undefined),
    ...(drawn && { drawn }),
  });
}

/** Enough for the few questions that a stranger has, ms. */
const lookMs = 200;

/** What is wrong with its words, by the promised model. */
function untruthIn({ prompt, chunks }: Receipt): string | undefined {
  if (prompt === undefined) return "nobody can say what it answers";
  const ids = chunks.flatMap(({ chunk }) => chunk.ids).filter((id) => id !== endId);
  const text = ids.map((id, at) => `${at}:${id} `).join("");
  return checkTruth({ text }, contextOf(tokensOf(prompt)));
}
