import type { JobId, SessionKey } from "../../domain/ids.ts";
import { auditRules } from "../../domain/verification/audit.ts";
import type { Signer } from "../../ports.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { readSealed } from "../../protocol/sealed.ts";
import type { KeptClosings } from "./closings.ts";
import { drawnOf, type Stand, type StandPorts, seatsOf } from "./stand.ts";
import { createMember } from "./testimony.ts";

export interface RecallPorts extends StandPorts {
  /** Signs as this node did under a session key of the past; undefined for a key that was never its. */
  readonly signerOf?: (key: SessionKey) => Signer | undefined;
  /** Without it nothing that was sealed is opened. */
  readonly closings?: KeptClosings;
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
): Promise<Pick<Stand, "close" | "reveal">> {
  const text = await ports.sealed?.get(job);
  const kept = text === undefined ? undefined : readSealed(text, ports.node);
  const signer = kept && (ports.signerOf?.(kept.sessionKey) ?? ports.signer);
  if (ports.closings === undefined || kept === undefined || signer?.sessionKey !== kept.sessionKey)
    throw new HoldfastError("nothing is sealed here of that answer", { code: "bad-request", fault: "peer" });
  const { profile, sessionKey, committed } = kept;
  const own = { node: ports.node, sessionKey, profile };
  const window = { after: kept.at, until: kept.at + auditRules.thawMs };
  const closings = ports.closings.of(job, window.until);
  const member = createMember(ports, signer, { own, promise: undefined, closings }, committed);

  return {
    async close({ set }) {
      const [head, seats] = await Promise.all([
        ports.beacons?.head(),
        seatsOf(ports, set, { signal, window }),
      ]);
      return member.close(set, seats?.strangers, head);
    },
    async reveal(order) {
      if (order.set.committee.kind !== "drawn") return { refusal: "other-secret" };
      return member.open(order, await drawnOf(ports, order.set, { signal, window }));
    },
  };
}
