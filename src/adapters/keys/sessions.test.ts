import { expect, test } from "vitest";
import { createDisk } from "../../../test/rigs/disk.ts";
import type { SessionKey } from "../../domain/ids.ts";
import { limits } from "../../protocol/limits.ts";
import { systemClock as clock } from "../system/clock.ts";
import { systemRandom as random } from "../system/random.ts";
import { makeNodeKey } from "./node-key.ts";
import { verify } from "./session.ts";
import { openSessions } from "./sessions.ts";

test("each start has a key of its own, and the node can sign once more with those before", () => {
  const [store, key, bytes] = [createDisk(), makeNodeKey(), Uint8Array.of(1, 2, 3)];
  const [first, second] = [1, 2].map(() => openSessions({ store, random, clock }, key));
  const { sessionKey } = first!.session;
  expect(second!.session.sessionKey).not.toBe(sessionKey);
  const again = second!.signerOf(sessionKey);
  expect(again?.sessionKey).toBe(sessionKey);
  expect(verify(sessionKey, bytes, again!.sign(bytes))).toBe(true);
  expect(second!.signerOf("ab".repeat(32) as SessionKey)).toBeUndefined();
});

test("the disk alone makes no key: another node's gives another", () => {
  const store = createDisk();
  const { session } = openSessions({ store, random, clock }, makeNodeKey());
  const thief = openSessions({ store, random, clock }, makeNodeKey());
  expect(thief.signerOf(session.sessionKey)?.sessionKey).not.toBe(session.sessionKey);
});

test("a key is forgotten so long after its last use, however long its run was", () => {
  const [store, key] = [createDisk(), makeNodeKey()];
  const at = (wall: number) => openSessions({ store, random, clock: { ...clock, wall: () => wall } }, key);
  const long = 3 * limits.statementLifeMs;
  const { sessionKey } = at(1).session;
  expect(at(long).signerOf(sessionKey)?.sessionKey).toBe(sessionKey);
  const soon = at(long + limits.statementLifeMs - 1);
  expect(soon.signerOf(sessionKey)?.sessionKey).toBe(sessionKey);
  const late = at(long + limits.statementLifeMs);
  expect(late.signerOf(sessionKey)).toBeUndefined();
  expect(late.signerOf(soon.session.sessionKey)).toBeDefined();
});
