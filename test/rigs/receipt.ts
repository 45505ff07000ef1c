import { bytesToHex } from "@noble/hashes/utils.js";
import { addressOf, makeNodeKey, type NodeKey, peerIdOf } from "../../src/adapters/keys/node-key.ts";
import { sealOffer } from "../../src/adapters/libp2p/sealed-offer.ts";
import type { JobId, ModelId } from "../../src/domain/ids.ts";
import type { Chunk } from "../../src/domain/inference/chunk.ts";
import { transcriptNext, transcriptStart } from "../../src/domain/inference/transcript.ts";
import { answerIdOf } from "../../src/domain/verification/answer-id.ts";
import { type Leaf, leafStep } from "../../src/domain/verification/leaf.ts";
import type { Receipt, SaidChunk } from "../../src/domain/verification/receipt.ts";
import { choose } from "../../src/domain/verification/sampler.ts";
import type { Offer } from "../../src/protocol/offer.ts";
import { createPerson, leavesOf, market, type Part, type Person, proofOf } from "./committee.ts";

/** Profiles that ship calibrated. */
export const profile = "node-llama-cpp@3.22.1 ggml-org/llama.cpp@v0.5.0 cpu-haswell kv=f16 fa=off";

export const sampling = { temperature: 0.7, topP: 1, seed: "5d".repeat(32) };
const spec = {
  job: "0a".repeat(32) as JobId,
  model: `sha256:${"0d".repeat(32)}` as ModelId,
  prompt: { kind: "chat", messages: [{ role: "user", content: "Why is the sky blue?" }] },
  sampling,
  tokensMax: 64,
} as const;
const promptDigest = "0e".repeat(32);
const tokens = 64;

/** What can be different about a receipt's making. */
export interface ReceiptCase {
  /** What each member's model shows; the executor's first. */
  readonly parts?: readonly Part[];
  /** The tokens as the executor says them, instead of what its leaves and the sampler make of them. */
  readonly ids?: readonly number[];
  readonly withPrompt?: boolean;
  /** Chunks up to here were said by a speaker that was lost then; a multiple of 8. */
  readonly lostAt?: number;
  /** What its offer says of that one's engine. */
  readonly lostEngine?: { readonly sampled?: true; readonly unverified?: true };
  /** What the answer should have fitted. */
  readonly schema?: string;
}

/** A whole receipt out of real keys, offers and rules, with leaves out of a hash instead of a model. */
export async function receiptOf({
  parts,
  ids,
  withPrompt = true,
  lostAt = 0,
  lostEngine = {},
  schema,
}: ReceiptCase = {}): Promise<Receipt> {
  const asked = schema === undefined ? sampling : { ...sampling, schema };
  const all = parts ?? [1, 2, 3].map((machine) => ({ leaves: leavesOf(tokens, { machine, noise: 0.02 }) }));
  const keys = all.map(() => makeNodeKey());
  const people = keys.map((key) => createPerson(profile, addressOf(key)));
  const lostKey = makeNodeKey();
  const lost = createPerson(profile, addressOf(lostKey));
  const said = ids ?? all[0]!.leaves.map((leaf, position) => chosen(leaf, position));
  const { chunks, transcript } = speak(said, (start) => (start < lostAt ? lost : people[0]!));
  const answer = answerIdOf({ ...spec, sampling: asked }, { promptDigest, transcript, tokens: said.length });
  const vouching = people.map((person, at) => ({ person, key: keys[at]! }));
  if (lostAt > 0) vouching.push({ person: lost, key: lostKey });
  const { model, prompt, tokensMax } = spec;
  return {
    ...{ v: 1, market, model, sampling: asked, tokensMax, promptDigest, chunks },
    ...(withPrompt ? { prompt } : {}),
    proof: proofOf(answer, all, people),
    offers: await Promise.all(
      vouching.map(({ person, key }) => offerOf(person, key, person === lost ? lostEngine : {})),
    ),
  };
}

function chosen(leaf: Leaf, position: number): number {
  const candidates = leaf.ids.map((id, at) => ({ id, logit: -leafStep * leaf.steps[at]! }));
  return choose(candidates, sampling, position).id;
}

function speak(ids: readonly number[], speakerAt: (start: number) => Person) {
  let digest = transcriptStart(spec.job, promptDigest);
  const chunks: SaidChunk[] = [];
  for (let start = 0; start < ids.length; start += 8) {
    const slice = ids.slice(start, start + 8);
    const end = start + 8 >= ids.length ? { end: "length" as const } : {};
    const chunk: Omit<Chunk, "signature"> = { start, ids: slice, text: slice.join(" "), ...end };
    digest = transcriptNext(digest, chunk);
    const { session, member } = speakerAt(start);
    chunks.push({ chunk: { ...chunk, signature: session.sign(digest) }, speaker: member.sessionKey });
  }
  return { chunks, transcript: bytesToHex(digest) };
}

async function offerOf(
  { session, member }: Person,
  key: NodeKey,
  engine: ReceiptCase["lostEngine"],
): Promise<Receipt["offers"][number]> {
  const model = { id: spec.model, name: "m", contextTokens: 512, witness: true, resume: true, ...engine };
  const offer: Offer = {
    ...{ v: 1, peer: peerIdOf(key), address: member.node, seq: 1, issuedAt: 1, expiresAt: 60_000 },
    ...{
      sessionKey: session.sessionKey,
      certificate: session.tls.fingerprint,
      endpoints: [],
      multiaddrs: [],
    },
    ...{
      models: [{ ...model, profile, priceIn: "0", priceOut: "0" }],
      slots: 1,
      domain: { operator: "", region: "", build: "", hardware: "" },
    },
  };
  return JSON.parse(Buffer.from(await sealOffer(offer, key, market)).toString()) as Receipt["offers"][number];
}
