import {
  createHash,
  createPrivateKey,
  createPublicKey,
  verify as cryptoVerify,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import type { SessionKey } from "../../domain/ids.ts";
import type { Signer, Verify } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";
import { selfSigned } from "./certificate.ts";

/** What one run of a node signs chunks and serves TLS with. Its offer vouches for both until it expires. */
export interface Session extends Signer {
  readonly tls: {
    /** PKCS #8, PEM. Never leaves the process. */
    readonly key: string;
    /** PEM. */
    readonly certificate: string;
    /** SHA-256 of the certificate's DER, hex: `certificate` of an offer. */
    readonly fingerprint: string;
  };
}

/** An Ed25519 key, made at every start: what is not kept cannot be stolen from a disk. About 1 ms. `seed`: its 32 bytes. */
export function createSession(seed: Uint8Array = randomBytes(32)): Session {
  const key = Buffer.concat([pkcs8Head, seed]);
  const privateKey = createPrivateKey({ key, format: "der", type: "pkcs8" });
  const publicKey = createPublicKey(privateKey);
  const der = selfSigned(privateKey, publicKey);
  return {
    sessionKey: rawKey(publicKey).toString("hex") as SessionKey,
    sign: (bytes) => sign(null, bytes, privateKey).toString("base64"),
    tls: {
      key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      certificate: pem(der),
      fingerprint: createHash("sha256").update(der).digest("hex"),
    },
  };
}

/** What is before the 32 bytes in an Ed25519 PrivateKeyInfo (RFC 8410 §7). */
const pkcs8Head = Buffer.from("302e020100300506032b657004220420", "hex");

/** Keys that were read. Beyond `sessionKeysKept` the oldest goes. */
const parsed = new Map<SessionKey, KeyObject>();

/** Ed25519. A key or signature that is no such thing is simply not valid; nothing is thrown. */
export const verify: Verify = (key, bytes, signature) => {
  try {
    return cryptoVerify(null, bytes, keyObject(key), Buffer.from(signature, "base64"));
  } catch {
    return false;
  }
};

function keyObject(key: SessionKey): KeyObject {
  const known = parsed.get(key);
  if (known !== undefined) return known;
  const x = Buffer.from(key, "hex").toString("base64url");
  const made = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  const oldest = parsed.size >= limits.sessionKeysKept ? parsed.keys().next() : undefined;
  if (oldest?.value !== undefined) parsed.delete(oldest.value);
  parsed.set(key, made);
  return made;
}

/** The last 32 bytes of an Ed25519 SubjectPublicKeyInfo are the key (RFC 8410 §4). */
function rawKey(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: "spki", format: "der" }).subarray(-32);
}

function pem(der: Buffer): string {
  const lines = der.toString("base64").replace(/.{64}(?=.)/g, "$&\n");
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
