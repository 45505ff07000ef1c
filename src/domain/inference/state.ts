import type { Ms, PeerId, SessionKey } from "../ids.ts";
import type { Chunk } from "./chunk.ts";
import type { Rhythm } from "./rhythm.ts";
import type { Policy } from "./spec.ts";

/** Number of one attempt within its job; never reused. */
export type AttemptId = number;

/** A provider that routing proposes for the job, best first. */
export interface Prospect {
  readonly peer: PeerId;
  readonly sessionKey: SessionKey;
  /** Can judge others' tokens. */
  readonly witness: boolean;
  /** Can go on from others' tokens. */
  readonly resume: boolean;
  /** Not in quarantine: what it failed at before, in this job too, is long enough ago. */
  readonly rested: boolean;
}

/** One provider's part in the job. Lost, refused and closed attempts are no longer listed. */
export interface Attempt extends Prospect {
  readonly id: AttemptId;
  readonly openedAt: Ms;
  /** When it last said anything. */
  readonly heardAt: Ms;
  readonly ready: { readonly promptTokens: number; readonly promptDigest: string } | undefined;
  /** When it had read the prompt. Until then it is slow, however alive. */
  readonly readAt: Ms | undefined;
  /** How many of the held chunks it was shown (its own count as shown). */
  readonly shown: number;
  /** Since when it owes a judgement of something shown; undefined when it owes none. */
  readonly owesSince: Ms | undefined;
  /** Position before which it has judged everything. */
  readonly judged: number;
}

/** A chunk of the answer as the gateway holds it. */
export interface Held {
  readonly chunk: Chunk;
  readonly speaker: PeerId;
  readonly sessionKey: SessionKey;
  readonly heardAt: Ms;
  /** Transcript digest after this chunk; what its signature covers. */
  readonly digest: Uint8Array;
  readonly accepts: readonly PeerId[];
  readonly rejects: readonly PeerId[];
}

/** Who speaks, since when, and how regularly. */
export interface Speaker {
  readonly attempt: AttemptId;
  readonly toldAt: Ms;
  /** When its last chunk came; undefined before its first. */
  readonly saidAt: Ms | undefined;
  readonly rhythm: Rhythm;
  /** What its first chunk took once it could begin: how slow a step is there now. */
  readonly firstMs: Ms;
}

export interface JobState {
  readonly job: string;
  readonly policy: Policy;
  /** Answer limit the application named, tokens. */
  readonly tokensMax: number | undefined;
  /** Limit when it named none, and the window it must fit in with the prompt. */
  readonly tokensDefault: number;
  readonly contextTokens: number;
  /** Above this no provider's word is taken for how long the prompt is, tokens. */
  readonly promptTokensMost: number;
  readonly startedAt: Ms;
  readonly ended: boolean;

  readonly prospects: readonly Prospect[];
  /** More prospects were asked for and have not come yet. */
  readonly seeking: boolean;
  /** When nobody could be found: ask again no sooner than this. */
  readonly seekAfter: Ms;
  /** The last answer to `seek` brought nobody. */
  readonly nobodyLeft: boolean;
  readonly attempts: readonly Attempt[];
  readonly attemptNext: AttemptId;
  readonly speaker: Speaker | undefined;
  /** Executors so far, and those of them since the last chunk that said nothing. */
  readonly speakers: number;
  readonly fruitless: number;
  readonly switches: number;
  /** Who failed in this job, once for each time. */
  readonly failures: readonly PeerId[];
  /** Who lied or broke the protocol in this job. */
  readonly barred: readonly PeerId[];
  /** Providers that were at capacity. */
  readonly busy: number;
  /** Providers that refused because of the request itself. Two agreeing end the job as the application's mistake. */
  readonly blamers: readonly { peer: PeerId; code: string; message: string }[];

  /** Transcript digest before the first chunk; set by the first speaker that is ready. */
  readonly base:
    | { readonly promptDigest: string; readonly promptTokens: number; readonly digest: Uint8Array }
    | undefined;
  /** The whole answer so far, in order. The first `delivered` of them reached the application. */
  readonly held: readonly Held[];
  readonly delivered: number;
  readonly deliveredTokens: number;
  /** Of those, tokens a witness had accepted before. */
  readonly acceptedTokens: number;
  /** Rises with each drop, so that words about dropped chunks are known for what they are. */
  readonly branch: number;
  /** The next delivery is the first, or the first after a switch. */
  readonly announce: boolean;
  /** The application has what it wanted (a stop string): the answer ends after this many held chunks. */
  readonly satisfied: number | undefined;
  /** When the last chunk of the answer was heard; the verdict is awaited from then on. */
  readonly completeAt: Ms | undefined;
  /** Position of the first chunk that a rejection stands against without a majority either way, and since when. */
  readonly disputedAt: number | undefined;
  readonly disputedSince: Ms | undefined;
}
