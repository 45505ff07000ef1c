import type { Address, SessionKey } from "../ids.ts";
import type { Verify } from "./commit-set.ts";
import type { Proof } from "./seat.ts";
import {
  areEquivocation,
  type Market712,
  type Statement,
  statementDigest,
  statementOf,
} from "./statement.ts";

/** A statement with the signature under it. */
export interface Signed extends Statement {
  /** Ed25519 by the session key over the statement's EIP-712 digest, base64. */
  readonly signature: string;
}

/** Two things that one node signed under one number: all that it takes to convict it, and nobody has to judge. */
export interface Equivocation {
  readonly node: Address;
  readonly sessionKey: SessionKey;
  readonly one: Signed;
  readonly other: Signed;
}

/** What everybody who looks at signed statements goes by. */
export interface SignatureRules {
  readonly market: Market712;
  readonly verify: Verify;
}

/** Remembers what nodes signed, so much of it, the oldest going first. */
export interface Statements {
  /** Whoever contradicts in this proof what it signed before. */
  note(proof: Proof): Equivocation[];
}

export function rememberStatements(most: number, rules: SignatureRules): Statements {
  const before = new Map<string, Signed>();
  return {
    note(proof) {
      const found: Equivocation[] = [];
      for (const { node, sessionKey, signed } of signedIn(proof, rules)) {
        const { spec, input, anchor, seq } = signed;
        const name = [node, spec, input, anchor, seq].join();
        const one = before.get(name);
        if (one === undefined) before.set(name, signed);
        else if (areEquivocation(one, signed)) found.push({ node, sessionKey, one, other: signed });
      }
      for (const oldest of before.keys()) {
        if (before.size <= most) break;
        before.delete(oldest);
      }
      return found;
    },
  };
}

/** Do both signatures hold, and do they say different things under one number? */
export function isEquivocation({ sessionKey, one, other }: Equivocation, rules: SignatureRules): boolean {
  return areEquivocation(one, other) && [one, other].every((each) => isSigned(each, sessionKey, rules));
}

/** What the members of a proof really signed, whatever else is wrong with their openings. */
function signedIn({ set, secret, openings }: Proof, rules: SignatureRules) {
  const members = [set.executor, ...set.witnesses];
  return openings.flatMap(({ node, verdict, statement }) => {
    const sessionKey = members.find((member) => member.node === node)?.sessionKey;
    const { signature } = statement;
    const signed: Signed = { ...statementOf(set, secret, verdict, statement), signature };
    const isTrue = sessionKey !== undefined && isSigned(signed, sessionKey, rules);
    return isTrue ? [{ node, sessionKey, signed }] : [];
  });
}

function isSigned({ signature, ...statement }: Signed, key: SessionKey, rules: SignatureRules): boolean {
  return rules.verify(key, statementDigest(rules.market, statement), signature);
}
