import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Address } from "../ids.ts";
import type { Verdict } from "../inference/effect.ts";
import { type CommitSet, type Hex32, nodeBytes, setDigest } from "./committee.ts";
import { digest, joined } from "./digest.ts";

/**
 * The one signed type: a bonded node says what it did. EIP-712, so that a contract and a wallet read the same bytes.
 * For inference: spec = what was asked for, input = the prompt (salted by its job), output = the set it opened against
 * and its verdict on it, anchor = 0, or the beacon for a drawn committee.
 */
export interface Statement {
  readonly spec: Hex32;
  readonly input: Hex32;
  readonly output: Hex32;
  readonly anchor: Hex32;
  /** Rises with every statement of a node and is on its disk before it signs: an honest node never says two things under one. */
  readonly seq: number;
  /** Unix ms. */
  readonly expiry: number;
}

/** A member's signature on a statement that everybody can put together from the set. */
export interface SignedStatement extends Pick<Statement, "seq" | "expiry"> {
  /** Ed25519 by the session key over the statement's EIP-712 digest, base64. */
  readonly signature: string;
}

/** The market whatever is signed is for, its EIP-712 domain: a chain, and the bond contract on it. Elsewhere it means nothing. */
export interface Market712 {
  readonly chainId: number;
  readonly bonds: Address;
}

/** A typed-data definition as wallets and contracts know it. */
export const statementTypes = {
  Statement: [
    { name: "spec", type: "bytes32" },
    { name: "input", type: "bytes32" },
    { name: "output", type: "bytes32" },
    { name: "anchor", type: "bytes32" },
    { name: "seq", type: "uint64" },
    { name: "expiry", type: "uint64" },
  ],
} as const;

/**
 * The statement of a member that opens against `set` with `verdict`, `secret` being what decided the positions. Members
 * that agree differ in seq and expiry only.
 */
export function statementOf(
  set: CommitSet,
  secret: Hex32,
  verdict: Verdict,
  { seq, expiry }: Pick<Statement, "seq" | "expiry">,
): Statement {
  const { spec, input } = set.answer;
  const output = bytesToHex(digest("output", setDigest(set), verdict));
  const anchor = set.committee.kind === "drawn" ? secret : noAnchor;
  return { spec, input, output, anchor, seq, expiry };
}

const noAnchor: Hex32 = "0".repeat(64);

/** EIP-712 digest: what is signed, by whichever key. */
export function statementDigest(market: Market712, statement: Statement): Uint8Array {
  const { spec, input, output, anchor, seq, expiry } = statement;
  const domain = domains.get(market) ?? domainOf(market);
  domains.set(market, domain);
  const struct = keccak_256(
    joined([structType, ...[spec, input, output, anchor].map(hexToBytes), word(seq), word(expiry)]),
  );
  return keccak_256(joined([Uint8Array.of(0x19, 0x01), domain, struct]));
}

/** Of the markets at hand: a node has one. */
const domains = new WeakMap<Market712, Uint8Array>();

function domainOf({ chainId, bonds }: Market712): Uint8Array {
  const contract = joined([new Uint8Array(12), nodeBytes(bonds)]);
  return keccak_256(joined([domainType, nameHash, versionHash, word(chainId), contract]));
}

/** Two statements of one signer under one number that say different things: nobody has to judge that. */
export function areEquivocation(a: Statement, b: Statement): boolean {
  return (
    a.seq === b.seq &&
    a.spec === b.spec &&
    a.input === b.input &&
    a.anchor === b.anchor &&
    a.output !== b.output
  );
}

const keccak = (text: string) => keccak_256(utf8ToBytes(text));
const domainType = keccak(
  "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
);
const nameHash = keccak("Holdfast");
const versionHash = keccak("1");
const structType = keccak(
  `Statement(${statementTypes.Statement.map(({ type, name }) => `${type} ${name}`).join(",")})`,
);

/** A whole number as a 32-byte word. Throws a RangeError for what JSON could not carry exactly. */
function word(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError("not a whole number");
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setBigUint64(24, BigInt(value));
  return bytes;
}
