import * as z from "zod";
import type { Address, SessionKey } from "../domain/ids.ts";
import { fromBase64, toBase64 } from "../domain/verification/base64.ts";
import { sealTestimony } from "../domain/verification/committee.ts";
import { joined } from "../domain/verification/digest.ts";
import { decodeLeaf, encodeLeaf, leafBytes } from "../domain/verification/leaf.ts";
import type { MemberState } from "../domain/verification/member.ts";
import { answerIdSchema } from "./committee.ts";
import { seedSchema, sessionKeySchema } from "./schemas.ts";

/** What a node sealed about an answer that nobody watched, and needs to open it long after. */
export interface SealedAnswer {
  readonly committed: NonNullable<MemberState["committed"]>;
  /** The key it committed under, and its profile then. */
  readonly sessionKey: SessionKey;
  readonly profile: string;
  /** When it committed, Unix ms: no beacon from before then may draw who sees inside. */
  readonly at: number;
}

const keptSchema = z.strictObject({
  v: z.literal(1),
  sessionKey: sessionKeySchema,
  profile: z.string(),
  at: z.int(),
  answer: answerIdSchema,
  salt: seedSchema,
  root: seedSchema,
  leaves: z.base64(),
});

/** As it lies on a disk (JSON): 64 bytes for each token. */
export function writeSealed({ committed, sessionKey, profile, at }: SealedAnswer): string {
  const { answer, testimony, leaves } = committed;
  const { salt, root } = testimony;
  const kept = { v: 1, sessionKey, profile, at, answer, salt, root };
  return JSON.stringify({ ...kept, leaves: toBase64(joined(leaves.map(encodeLeaf))) });
}

/** Undefined for what no `writeSealed` of this node wrote. It was committed to before any clock of now began. */
export function readSealed(text: string, node: Address): SealedAnswer | undefined {
  const { data } = keptSchema.safeParse(parsed(text));
  const bytes = data && fromBase64(data.leaves);
  if (data === undefined || bytes?.length !== data.answer.tokens * leafBytes) return undefined;
  const { answer, salt, root, sessionKey, profile, at } = data;
  const testimony = { salt, root, verdict: "valid" } as const;
  const leaves = Array.from({ length: answer.tokens }, (_, at) =>
    decodeLeaf(bytes.subarray(at * leafBytes, (at + 1) * leafBytes)),
  ).filter((leaf) => leaf !== undefined);
  if (leaves.length < answer.tokens) return undefined;
  const sealed = sealTestimony(answer, node, testimony);
  return {
    committed: { at: Number.NEGATIVE_INFINITY, answer, testimony, sealed, leaves },
    sessionKey,
    profile,
    at,
  };
}

/** Undefined for what is not JSON, which no schema takes. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
