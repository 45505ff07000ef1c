import * as z from "zod";
import { classesSchema } from "./classes.ts";
import { limits } from "./limits.ts";
import { addressSchema, modelIdSchema, peerIdSchema, sessionKeySchema } from "./schemas.ts";

/**
 * An offer: a node's signed standing price, and everything needed to reach it and to know it when reached.
 *
 * It travels as the exact bytes that were signed (`body`, JSON) with an EIP-712 signature by the node's secp256k1
 * key over `Offer(bytes32 digest, uint64 seq, uint64 expiry)`, digest = SHA-256(body), in the domain of the bond
 * contract: no canonicalisation to disagree about, and an offer for one chain means nothing on another.
 */
export const offerBodySchema = z.object({
  v: z.literal(1),
  peer: peerIdSchema,
  /** Follows from the peer id; stated so that contracts and people need not derive it. Must match. */
  address: addressSchema,
  /** Rises with every offer of this node, kept on disk, so that an old offer never replaces a newer one. */
  seq: z.int().min(0),
  /** Unix ms. */
  issuedAt: z.int(),
  expiresAt: z.int(),
  /** Ed25519 key that signs chunks and serves TLS until this offer expires. */
  sessionKey: sessionKeySchema,
  /** SHA-256 of the TLS certificate (DER), hex. The only certificate a gateway will send a byte to. */
  certificate: z.string().regex(/^[0-9a-f]{64}$/),
  /** Data plane, `host:port`, most preferred first. May be empty for a node that can only be reached by relay. */
  endpoints: z.array(z.string().max(256)).max(limits.offerAddressesMax),
  /** libp2p multiaddrs, relayed ones included. */
  multiaddrs: z.array(z.string().max(512)).max(limits.offerAddressesMax),
  models: z
    .array(
      z.object({
        id: modelIdSchema,
        /** What people call it; never trusted as identity. It is shown in terminals, which it must not steer. */
        name: z
          .string()
          .max(128)
          .regex(/^\P{Cc}*$/u),
        contextTokens: z.int().min(1),
        /** Can judge others' tokens (has the logits). */
        witness: z.boolean(),
        /** Can go on from others' tokens. */
        resume: z.boolean(),
        /** Says the model's own token ids; otherwise its ids are the text's code points. */
        ids: z.boolean().exactOptional(),
        /** Judges at positions it draws itself and has seen no others, so it commits to no fingerprint. */
        sampled: z.boolean().exactOptional(),
        /** Its engine is of a kind that was never tried as it is usually run, so it commits to no fingerprint. */
        unverified: z.boolean().exactOptional(),
        /** Can hold an answer to a JSON schema, its own and another's. */
        schema: z.boolean().exactOptional(),
        /** It turns texts into vectors of so many numbers, and says nothing. */
        dimensions: z.int().min(1).max(limits.embeddingDimensionsMax).exactOptional(),
        /** The numbers of its vectors are logits, one for each of these labels. */
        classes: classesSchema.exactOptional(),
        /** Numeric profile: engine build, backend, CPU variant, KV type, flash attention. */
        profile: z.string().max(256),
        /** Price per million tokens, smallest unit of the settlement token, decimal digits. "0" is free. */
        priceIn: z.string().regex(/^\d{1,30}$/),
        priceOut: z.string().regex(/^\d{1,30}$/),
      }),
    )
    .max(limits.offerModelsMax),
  /** Jobs it will run at once. */
  slots: z.int().min(1).max(65_536),
  /** What can fail together, as the operator states it. The network range is derived from where it answers. */
  domain: z.object({
    operator: z.string().max(128),
    region: z.string().max(64),
    build: z.string().max(128),
    hardware: z.string().max(128),
  }),
});

export const signedOfferSchema = z.strictObject({
  body: z.string().max(limits.offerBytesMax),
  signature: z.string().regex(/^0x[0-9a-f]{130}$/),
});

export type Offer = z.infer<typeof offerBodySchema>;
