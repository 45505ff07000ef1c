import { ECDH, randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { privateKeyFromRaw } from "@libp2p/crypto/keys";
import { peerIdFromPrivateKey, peerIdFromString } from "@libp2p/peer-id";
import { bytesToHex } from "viem";
import { privateKeyToAddress, publicKeyToAddress } from "viem/accounts";
import type { Address, PeerId } from "../../domain/ids.ts";
import { HoldfastError } from "../../protocol/errors.ts";

/** A node's secp256k1 secret, 32 bytes. Its public half is the node's peer id and its EVM address at once. */
export type NodeKey = Uint8Array;

const keyFile = "node.key";

/**
 * The key kept in a node's home, made on the first call. Readable by its owner only; a crash between two bytes, or
 * two processes starting at once, never leave half a key or two keys.
 * Throws HoldfastError `node-key-unusable` or `node-key-unwritable` (fault environment).
 */
export function loadNodeKey(home: string): NodeKey {
  const path = join(home, keyFile);
  const known = readKey(path);
  if (known !== undefined) return known;
  try {
    mkdirSync(home, { recursive: true });
    writeKeyOnce(path, makeNodeKey());
  } catch (cause) {
    throw new HoldfastError("The node's key could not be stored.", {
      code: "node-key-unwritable",
      fault: "environment",
      remedy: "Check that the home folder exists on a disk with space and that this user may write to it.",
      facts: { file: path },
      cause,
    });
  }
  // Read back rather than returned: another process may have been first, and then its key is the node's.
  const stored = readKey(path);
  if (stored === undefined) throw unusable(path, "it vanished while it was being read");
  return stored;
}

/** A fresh key. Almost every 32 bytes are a valid secp256k1 secret; the rest are drawn again. */
export function makeNodeKey(): NodeKey {
  for (let tries = 0; tries < 8; tries++) {
    const key = new Uint8Array(randomBytes(32));
    if (isSecret(key)) return key;
  }
  throw new HoldfastError("The system's random source gives no usable bytes.", {
    code: "random-broken",
    fault: "environment",
  });
}

/** EVM address of the key, checksummed. */
export function addressOf(privateKey: NodeKey): Address {
  return privateKeyToAddress(bytesToHex(privateKey)) as Address;
}

/** libp2p peer id of the key (`16Uiu2…`). */
export function peerIdOf(privateKey: NodeKey): PeerId {
  return peerIdFromPrivateKey(privateKeyFromRaw(privateKey)).toString() as unknown as PeerId;
}

/**
 * EVM address of a peer, from its id alone: a secp256k1 peer id holds the compressed public key.
 * Undefined when the id is none, which a peer's garbage may well be.
 */
export function addressOfPeer(peer: PeerId): Address | undefined {
  try {
    const id = peerIdFromString(peer);
    if (id.type !== "secp256k1") return undefined;
    const point = ECDH.convertKey(id.publicKey.raw, "secp256k1", undefined, undefined, "uncompressed");
    return publicKeyToAddress(bytesToHex(point as Buffer)) as Address;
  } catch {
    return undefined;
  }
}

function isSecret(key: NodeKey): boolean {
  try {
    return key.length === 32 && privateKeyToAddress(bytesToHex(key)).length === 42;
  } catch {
    return false;
  }
}

function readKey(path: string): NodeKey | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw unusable(path, "it cannot be read", cause);
  }
  if (!/^[0-9a-f]{64}$/.test(text)) throw unusable(path, "it does not hold 64 hex digits");
  const key = new Uint8Array(Buffer.from(text, "hex"));
  if (!isSecret(key)) throw unusable(path, "its number is not a secp256k1 secret");
  return key;
}

/** Written whole beside its place and linked into it: `link` fails where a file stands already. */
function writeKeyOnce(path: string, key: NodeKey): void {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const file = openSync(draft, "wx", 0o600);
  try {
    writeSync(file, `${Buffer.from(key).toString("hex")}\n`);
    fsyncSync(file);
    linkSync(draft, path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
  } finally {
    closeSync(file);
    rmSync(draft, { force: true });
  }
}

function unusable(path: string, why: string, cause?: unknown): HoldfastError {
  return new HoldfastError(`The node's key file is there, but ${why}.`, {
    code: "node-key-unusable",
    fault: "environment",
    remedy:
      "Restore the file from a backup. Moving it away makes the node start under a new identity, without its bond.",
    facts: { file: path },
    cause,
  });
}
