import { bytesToHex } from "@noble/hashes/utils.js";
import type { JobId, SessionKey } from "../../domain/ids.ts";
import { auditRules } from "../../domain/verification/audit.ts";
import { setDigest } from "../../domain/verification/committee.ts";
import type { Signer } from "../../ports.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { readSealed, writeSealed } from "../../protocol/sealed.ts";
import { drawnOf, type Stand, type StandPorts } from "./stand.ts";
import { createMember } from "./testimony.ts";

export interface RecallPorts extends StandPorts {
  /** Signs as this node did under a session key of the past; undefined for a key that was never its. */
  readonly signerOf?: (key: SessionKey) => Signer | undefined;
}

/**
 * Opens what this node sealed about an answer that nobody watched: once in each epoch, for a committee drawn in it, by a
 * beacon that nobody knew when it sealed, and while its stake may be there. Throws HoldfastError `bad-request` (fault
 * peer) when it sealed nothing of that job, or has let go of it.
 */
export async function recall(ports: RecallPorts, job: JobId): Promise<Pick<Stand, "reveal">> {
  const text = await ports.sealed?.get(job);
  const kept = text === undefined ? undefined : readSealed(text, ports.node);
  const signer = kept && (ports.signerOf?.(kept.sessionKey) ?? ports.signer);
  if (kept === undefined || signer?.sessionKey !== kept.sessionKey)
    throw new HoldfastError("nothing is sealed here of that answer", { code: "bad-request", fault: "peer" });
  const { profile, sessionKey, committed } = kept;
  const own = { node: ports.node, sessionKey, profile };
  const member = createMember(ports, signer, { own, promise: undefined }, committed);
  const window = { after: kept.at, until: kept.at + auditRules.thawMs };
  let { opened } = kept;

  return {
    async reveal(order) {
      const { committee, witnesses } = order.set;
      if (witnesses.length === 0) return { refusal: "not-drawn" };
      if (committee.kind !== "drawn") return { refusal: "other-secret" };
      const { epoch } = committee;
      const set = bytesToHex(setDigest(order.set));
      if (opened.some((each) => each.epoch === epoch && each.set !== set))
        return { refusal: "opened-already" };
      const word = member.open(order, await drawnOf(ports, order.set, { window }));
      if (word.opening === undefined) return word;
      opened = [...opened, { epoch, set }];
      ports.sealed?.put(job, writeSealed({ ...kept, opened }));
      return word;
    },
  };
}
