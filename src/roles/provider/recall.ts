import { bytesToHex } from "@noble/hashes/utils.js";
import type { JobId, SessionKey } from "../../domain/ids.ts";
import { auditRules } from "../../domain/verification/audit.ts";
import { setDigest } from "../../domain/verification/committee.ts";
import type { Signer } from "../../ports.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { readSealed } from "../../protocol/sealed.ts";
import type { Openings } from "./openings.ts";
import { drawnOf, type Stand, type StandPorts } from "./stand.ts";
import { createMember } from "./testimony.ts";

export interface RecallPorts extends StandPorts {
  /** Signs as this node did under a session key of the past; undefined for a key that was never its. */
  readonly signerOf?: (key: SessionKey) => Signer | undefined;
  /** Without it nothing that was sealed is opened. */
  readonly openings?: Openings;
}

/**
 * Opens what this node sealed about an answer that nobody watched: once in each epoch, for a committee drawn in it, by a
 * beacon that nobody knew when it sealed, and while its stake may be there. Throws HoldfastError `bad-request` (fault
 * peer) when it sealed nothing of that job, or has let go of it.
 */
export async function recall(
  ports: RecallPorts,
  job: JobId,
  signal: AbortSignal,
): Promise<Pick<Stand, "reveal">> {
  const { openings } = ports;
  const text = await ports.sealed?.get(job);
  const kept = text === undefined ? undefined : readSealed(text, ports.node);
  const signer = kept && (ports.signerOf?.(kept.sessionKey) ?? ports.signer);
  if (openings === undefined || kept === undefined || signer?.sessionKey !== kept.sessionKey)
    throw new HoldfastError("nothing is sealed here of that answer", { code: "bad-request", fault: "peer" });
  const { profile, sessionKey, committed } = kept;
  const own = { node: ports.node, sessionKey, profile };
  const member = createMember(ports, signer, { own, promise: undefined }, committed);
  const window = { after: kept.at, until: kept.at + auditRules.thawMs };

  return {
    async reveal(order) {
      const { committee, witnesses } = order.set;
      if (witnesses.length === 0) return { refusal: "not-drawn" };
      if (committee.kind !== "drawn") return { refusal: "other-secret" };
      const place = { job, epoch: committee.epoch };
      const set = bytesToHex(setDigest(order.set));
      const drawn = await drawnOf(ports, order.set, { signal, window });
      // Nothing is waited for from here on: others may ask for the same meanwhile.
      if ((openings.at(place) ?? set) !== set) return { refusal: "opened-already" };
      const word = member.open(order, drawn);
      if (word.opening !== undefined) openings.put(place, set, window.until);
      return word;
    },
  };
}
