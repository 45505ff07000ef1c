import * as z from "zod";
import { blockSchema as block, commitSchema, commitSetSchema, openingSchema } from "./committee.ts";
import { embeddedWordSchema, embedOrderSchema, vectorWordSchema } from "./embedding.ts";
import { limits } from "./limits.ts";
import { addressSchema, jobIdSchema, modelIdSchema, seedSchema, sessionKeySchema } from "./schemas.ts";

/**
 * The conversation of one attempt: one HTTP/2 stream to one provider, newline-delimited JSON both ways.
 *
 * Every attempt begins alike: the provider opens the job and follows what it is shown (`said`), judging as it goes.
 * `speak` turns a follower into the executor. So an executor is a witness that was told to speak at position 0, a
 * promotion is the same message later, and a cold replacement is a follower shown the whole answer so far first.
 *
 *   gateway → provider   open · said* · drop* · speak* · commit? · close? · reveal?   (closing the stream cancels)
 *                        recall · close? · reveal?                               (of an answer of long ago)
 *                        announce                                                (of a draw that is to come)
 *   provider → gateway   ready · read · judged* · rejected* · chunk* · committed? · closed? · revealed? · refused?
 *                        noted
 *
 * An attempt that begins with `embed` has no other order: its words are vector* · embedded or refused.
 *
 * When the answer has ended, `commit` asks for a sealed fingerprint of it and `reveal` shows everybody's, against which
 * a member opens its own (domain/verification/member.ts). A drawn committee is shown everybody's by `close` before, while
 * the block is to come that decides what is opened. A `drop` after them makes it another answer.
 *
 * `branch` counts the drops. A provider's words carry the branch they are about, so that words about dropped chunks
 * that were still under way are known for what they are.
 */
export const attemptPath = "/holdfast/attempt/1";

const position = z.int().min(0).max(limits.answerTokensMax);
const branch = z.int().min(0).max(1_000_000);
const witnesses = z.int().min(1).max(limits.witnessesMax);

export const chunkSchema = z.strictObject({
  start: position,
  ids: z.array(z.int().min(0).max(0x7fffffff)).max(limits.chunkTokensMax).readonly(),
  text: z.string().max(limits.chunkTextMax),
  end: z.enum(["stop", "length"]).exactOptional(),
  signature: z.base64().max(100),
});

export const promptSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("chat"),
    messages: z
      .array(z.strictObject({ role: z.enum(["system", "user", "assistant"]), content: z.string() }))
      .min(1)
      .max(limits.messagesMax),
  }),
  z.strictObject({ kind: z.literal("text"), text: z.string() }),
]);

export const samplingSchema = z.strictObject({
  temperature: z.number().min(0).max(2),
  topP: z.number().gt(0).max(1),
  minP: z.number().min(0).max(1).exactOptional(),
  seed: seedSchema,
  schema: z.string().min(1).max(limits.schemaBytesMax).exactOptional(),
});

export const orderSchema = z.discriminatedUnion("t", [
  z.strictObject({
    t: z.literal("open"),
    job: jobIdSchema,
    model: modelIdSchema,
    prompt: promptSchema,
    sampling: samplingSchema,
    /** Answer limit the application named. Refused as `context-overflow` when it does not fit beside the prompt. */
    tokensMax: z.int().min(1).max(limits.answerTokensMax).exactOptional(),
    /** Answer limit when it named none; cut to what the window leaves. */
    tokensDefault: z.int().min(1).max(limits.answerTokensMax),
    /** The window all nodes of this job reckon with, tokens. */
    contextTokens: z.int().min(1).max(100_000_000),
    /** The gateway's hold budget: the speaker sizes its chunks so that filling and judging one fit in it. */
    holdMs: z.number().min(0).max(limits.holdMsMax),
    /** Time left for the whole job, ms. The provider stops by itself after it. */
    deadlineMs: z.number().min(1).max(limits.deadlineMsMax),
    /** Hash of the secret that will decide which positions of the fingerprint are opened. Left out in a drawn committee. */
    audit: seedSchema.exactOptional(),
    /** Nobody watches: who says the last chunk seals its fingerprint with it, and keeps what it takes to open that later. */
    seal: z.literal(true).exactOptional(),
    /** Who takes part is drawn by this block, and `sampling.seed` is `seed` with its hash mixed in: as it was announced. */
    drawn: z.strictObject({ block, witnesses, seed: seedSchema }).exactOptional(),
    /** To be computed on the reference profile: a sequence of its own, nothing in its cache, nobody beside it. */
    reference: z.literal(true).exactOptional(),
  }),
  /** A chunk another node said, unchanged; its signature is over the running digest under `speaker`. */
  z.strictObject({ t: z.literal("said"), chunk: chunkSchema, speaker: sessionKeySchema }),
  /** Forget every chunk from position `to` on, where one starts or ends (they were judged wrong, or never delivered). */
  z.strictObject({ t: z.literal("drop"), to: position, branch }),
  /** Speak from here on; `from` is the end of what was shown. */
  z.strictObject({ t: z.literal("speak"), from: position }),
  /**
   * The answer ends at `through`, the end of a chunk that was shown or said: commit to what was seen of it. Where nobody
   * watches the application has ended it there, and its executor seals it as it would at an end of its own.
   */
  z.strictObject({
    t: z.literal("commit"),
    through: position,
    /** Numeric profile of whoever answers for the whole: margins are tolerated by the pair of theirs and one's own. */
    executor: z.string().max(256),
    /** As a referee, at the positions that this set opened with this secret, rather than to all of it. */
    dispute: z
      .strictObject({
        set: commitSetSchema,
        secret: seedSchema,
        accused: addressSchema,
        accuser: addressSchema,
      })
      .exactOptional(),
  }),
  /** Instead of `open`, long after: what this node sealed when nobody watched is going to be revealed. */
  z.strictObject({ t: z.literal("recall"), job: jobIdSchema }),
  /** Instead of `open`, before the block is there: note that this will be asked, and how far the chain has come. */
  z.strictObject({ t: z.literal("announce"), request: seedSchema, block, witnesses }),
  /** What everybody in a drawn committee committed to, before its block is there: keep that nothing else will do. */
  z.strictObject({ t: z.literal("close"), set: commitSetSchema }),
  /** What everybody committed to, and the secret: open what you committed to. */
  z.strictObject({ t: z.literal("reveal"), set: commitSetSchema, secret: seedSchema }),
  embedOrderSchema,
]);

export const rejectionReasons = ["margin", "mean-margin", "text", "end", "signature", "position"] as const;

export const wordSchema = z.discriminatedUnion("t", [
  /** The prompt was accepted and tokenised. Sent before any of it is evaluated. */
  z.strictObject({
    t: z.literal("ready"),
    promptTokens: z.int().min(0),
    /** SHA-256 over the prompt's ids (u32 little-endian), hex. Nodes with one model agree on it. */
    promptDigest: seedSchema,
    /** The numeric profile it computes this job with, as its offer states it. */
    profile: z.string().max(256).exactOptional(),
  }),
  /** The prompt is evaluated: from here on a token costs one step. */
  z.strictObject({ t: z.literal("read") }),
  /** `commit`: to the whole answer, with its last chunk, where nobody watches. */
  z.strictObject({
    t: z.literal("chunk"),
    branch,
    chunk: chunkSchema,
    commit: commitSchema.omit({ node: true }).exactOptional(),
  }),
  /** Everything before `through` was judged and accepted. `margin`: largest seen in this step, logits. */
  z.strictObject({ t: z.literal("judged"), branch, through: position, margin: z.number().min(0) }),
  /** The chunk that starts at `start` is not what the model would have said. The follower keeps following. */
  z.strictObject({
    t: z.literal("rejected"),
    branch,
    start: position,
    through: position,
    at: position,
    reason: z.enum(rejectionReasons),
    margin: z.number().min(0),
  }),
  /** Its sealed fingerprint of the answer; without one it cannot say (no logits, or not all of them). */
  z.strictObject({
    t: z.literal("committed"),
    branch,
    commit: commitSchema.omit({ node: true }).exactOptional(),
  }),
  /** It will open against this set, and no other of this committee; or why it will not. */
  z.strictObject({ t: z.literal("closed"), branch, refusal: z.string().max(100).exactOptional() }),
  /** Its envelope, opened; or why it keeps it closed. */
  z.strictObject({
    t: z.literal("revealed"),
    branch,
    opening: openingSchema.exactOptional(),
    refusal: z.string().max(100).exactOptional(),
  }),
  /** What was announced is noted, with the block its chain had reached; signed (domain/verification/drawn-answer.ts). */
  z.strictObject({ t: z.literal("noted"), head: block, signature: z.base64().max(100) }),
  vectorWordSchema,
  embeddedWordSchema,
  /** The provider will not (or no longer) do this job. `retryAfterMs` marks back-pressure, which is no failure. */
  z.strictObject({
    t: z.literal("refused"),
    code: z.enum([
      "busy",
      "unknown-model",
      "context-overflow",
      "bad-request",
      "cannot-witness",
      "engine",
      "closing",
      /** Nothing was asked of it for `attemptIdleMsMax`. */
      "idle",
      /** By its own chain and its own notes it is not what was announced, or not this node that was drawn. */
      "not-drawn",
    ]),
    message: z.string().max(500),
    retryAfterMs: z.number().min(0).exactOptional(),
  }),
]);

export type Order = z.infer<typeof orderSchema>;
export type OpenOrder = Extract<Order, { t: "open" }>;
export type Word = z.infer<typeof wordSchema>;
export type RejectionReason = (typeof rejectionReasons)[number];
export type RefusalCode = Extract<Word, { t: "refused" }>["code"];
export type EmbedOrder = Extract<Order, { t: "embed" }>;
