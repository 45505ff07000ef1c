import { createHmac } from "node:crypto";
import type { SessionKey } from "../../domain/ids.ts";
import type { Clock, Random, Signer, Store } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";
import type { NodeKey } from "./node-key.ts";
import { createSession, type Session } from "./session.ts";

export interface Sessions {
  /** Of this run. */
  readonly session: Session;
  /** Signs as an earlier run did, for what it committed to then; undefined for a key that was never this node's. */
  signerOf(key: SessionKey): Signer | undefined;
}

const prefix = "session/";

/**
 * A fresh session key at every start, which the node can make again later: what is kept of it is a random number, out of
 * which only the node's own key makes it. So whoever reads the disk without that key has nothing.
 */
export function openSessions(
  { store, random, clock }: { readonly store: Store; readonly random: Random; readonly clock: Clock },
  key: NodeKey,
): Sessions {
  const session = (nonce: string) =>
    createSession(createHmac("sha256", key).update(`holdfast session 1 ${nonce}`).digest());
  const now = Math.floor(clock.wall());
  const earlier = store
    .entries(prefix)
    .map(([name, kept]) => ({ name, beganAt: Number(kept.split(" ")[1]) }))
    .toSorted((a, b) => a.beganAt - b.beganAt);
  // A run may last for months: its key was in use until the next one began.
  for (const [at, { name }] of earlier.entries()) {
    const endedAt = earlier[at + 1]?.beganAt ?? now;
    if (!(endedAt > now - limits.statementLifeMs)) store.delete(name);
  }
  const nonce = Buffer.from(random.bytes(32)).toString("hex");
  const own = session(nonce);
  store.put(`${prefix}${own.sessionKey}`, `${nonce} ${now}`);
  return {
    session: own,
    signerOf(wanted) {
      if (wanted === own.sessionKey) return own;
      const [before] = store.get(`${prefix}${wanted}`)?.split(" ") ?? [];
      return before === undefined ? undefined : session(before);
    },
  };
}
