import type { Address, SessionKey } from "../../domain/ids.ts";
import type { Receipt } from "../../domain/verification/receipt.ts";
import { type Report, reportOn } from "../../domain/verification/report.ts";
import { limits } from "../../protocol/limits.ts";
import { readReceipt } from "../../protocol/receipt.ts";
import { lookUpReceipt } from "../../roles/committee/drawn-receipt.ts";
import type { SimulatedGateway } from "../gateway.ts";
import { simulatedTolerance, verify } from "../identity.ts";
import { contextOf, endId, tokensOf } from "../model.ts";
import type { World } from "../world.ts";
import { checkTruth } from "./truth.ts";

/**
 * What strangers make of the receipts that gateways keep: none of true words reads invalid, none of false ones valid, and
 * what is kept as evidence convicts a liar. The prompts have to be in them.
 */
export async function checkReceipts(world: World): Promise<readonly string[]> {
  const found: string[] = [];
  for (const gateway of world.gateways) {
    for (const receipt of await receiptsIn(gateway, "receipts")) {
      const { verdict, reasons } = await read(world, receipt);
      const wrong = untruthIn(receipt);
      const name = `${gateway.name}'s receipt of ${receipt.proof.set.answer.job.slice(0, 8)}`;
      if (verdict === "valid" && wrong !== undefined) found.push(`${name} reads valid, and ${wrong}`);
      if (isUnproved(receipt) && isSealed(world, receipt)) found.push(`${name} was never audited`);
      if (isAudited(receipt) && wrong !== undefined && verdict !== "invalid")
        found.push(`${name} was audited, and its lie was not found`);
      if (verdict === "invalid" && wrong === undefined)
        found.push(`${name} reads invalid, and its words are true: ${reasons.join(" ")}`);
    }
    for (const receipt of await receiptsIn(gateway, "evidence")) {
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
  return drawn === undefined && proof.set.committee.kind === "drawn";
}

/** Its executor alone has committed to it, and has it still. */
function isUnproved({ proof }: Receipt): boolean {
  return proof.openings.length === 0;
}

function isSealed({ nodes }: World, { proof }: Receipt): boolean {
  return nodes.some(({ disk }) => disk.receipts("sealed").jobs().includes(proof.set.answer.job));
}

async function receiptsIn({ disk }: SimulatedGateway, folder: string): Promise<Receipt[]> {
  const kept = disk.receipts(folder);
  const texts = await Promise.all(kept.jobs().map((job) => kept.get(job)));
  return texts.map((text) => {
    const receipt = readReceipt(text ?? "");
    if ("complaint" in receipt) throw new Error(`${folder} that cannot be read: ${receipt.complaint}`);
    return receipt;
  });
}

/** A stranger sees the chain as it is, and every node vouches for the keys of its own. */
async function read({ timeline, ledger, nodes }: World, receipt: Receipt): Promise<Report> {
  const vouchedBy = (key: SessionKey): Address[] =>
    nodes.filter((node) => node.hasSignedWith(key)).map(({ address }) => address);
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
const lookMs = 500;

/** What is wrong with its words, by the promised model. */
function untruthIn({ prompt, chunks }: Receipt): string | undefined {
  if (prompt === undefined) return "nobody can say what it answers";
  const ids = chunks.flatMap(({ chunk }) => chunk.ids).filter((id) => id !== endId);
  const text = ids.map((id, at) => `${at}:${id} `).join("");
  return checkTruth({ text }, contextOf(tokensOf(prompt)));
}
