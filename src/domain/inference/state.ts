import type { Ms, PeerId, SessionKey } from "../ids.ts";
import type { Blamer } from "./blame.ts";
import type { Chunk } from "./chunk.ts";
import type { Pace } from "./pace.ts";
import type { Finding } from "./proving.ts";
import type { Policy } from "./spec.ts";

/** Number of one attempt within its job; never reused. */
export type AttemptId = number;

/** A provider that routing proposes for the job, best first. */
export interface Prospect {
  readonly peer: PeerId;
  readonly sessionKey: SessionKey;
  /** Can judge others' tokens. */
  readonly witness: boolean;
  /** Looks at some positions of what it judges, and so has nothing to commit to. */
  readonly sampled?: boolean;
  /** Its engine is of a kind that was never tried as it is usually run, so it commits to nothing either. */
  readonly unverified?: boolean;
  /** Can go on from others' tokens. */
  readonly resume: boolean;
  /** Not in quarantine: what it failed at before, in this job too, is long enough ago. */
  readonly rested: boolean;
  /** This gateway's own jobs take all its seats. */
  readonly full?: boolean;
  /** Something is lost when it lies. */
  readonly bonded: boolean;
  /** Who runs it, as stated. Providers of one operator have one voice where voices are counted. */
  readonly operator: string;
  /** What it took in earlier jobs. */
  readonly past: Pace;
}

/** One provider's part in the job. Lost, refused and closed attempts are no longer listed. */
export interface Attempt extends Prospect {
  readonly id: AttemptId;
  readonly openedAt: Ms;
  /** When it last said anything. */
  readonly heardAt: Ms;
  readonly ready:
    | { readonly promptTokens: number; readonly promptDigest: string; readonly at: Ms }
    | undefined;
  /** When it had read the prompt. Until then it is slow, however alive. */
  readonly readAt: Ms | undefined;
  /** How many of the held chunks it was shown (its own count as shown). */
  readonly shown: number;
  /** Position before which it has judged everything, and the held chunks that end there or before. */
  readonly judged: number;
  readonly judgedChunks: number;
  /** Where each `drop` it was sent cut the answer. Its words carry the number of drops it knew of. */
  readonly drops: readonly number[];
  /** What it took in this job. */
  readonly seen: Pace;
  /** Words that moved nothing. */
  readonly idleWords: number;
  /** It was late, and routing knows. */
  readonly lateKnown: boolean;
  /** It spoke too slowly and was relieved once. */
  readonly relieved: boolean;
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

/** An attempt that was told to speak on from the end of the answer. */
export interface Turn {
  readonly attempt: AttemptId;
  readonly toldAt: Ms;
  /** When its last chunk came; undefined before its first. */
  readonly saidAt: Ms | undefined;
}

/** How the proof of the whole answer stands (proving.ts). */
export interface Proving {
  /** "asked": a committee is at it. "seeking": it came to nothing that one more witness could not settle. */
  readonly phase: "asked" | "seeking" | "found";
  /** Beginning of this phase. */
  readonly since: Ms;
  /** Who had a seat in a committee about this answer, and how many further witnesses were sought for one. */
  readonly asked: readonly AttemptId[];
  readonly opinions: number;
  readonly finding: Finding;
}

export interface JobState {
  readonly job: string;
  readonly policy: Policy;
  /** Answer limit the application named, tokens. */
  readonly tokensMax: number | undefined;
  /** The answer has to fit a schema. */
  readonly formed: boolean;
  /** Limit when it named none, and the window it must fit in with the prompt. */
  readonly tokensDefault: number;
  readonly contextTokens: number;
  /** Above this no provider's word is taken for how long the prompt is, tokens. */
  readonly promptTokensMost: number;
  readonly startedAt: Ms;
  /** When the job is over; nearer than at first, where its time stood still and its application's did not. */
  readonly deadlineAt: Ms;
  readonly ended: boolean;

  readonly prospects: readonly Prospect[];
  /** When routing named them. */
  readonly prospectsAt: Ms;
  /** More prospects were asked for and have not come yet. */
  readonly seeking: boolean;
  /** When nobody could be found: ask again no sooner than this. */
  readonly seekAfter: Ms;
  /** The last answer to `seek` brought nobody. */
  readonly nobodyLeft: boolean;
  /** Since when nobody is at work; undefined while somebody is. */
  readonly aloneSince: Ms | undefined;
  readonly attempts: readonly Attempt[];
  readonly attemptNext: AttemptId;
  /**
   * Who may speak: the executor, and whoever was called because it is late. Whose chunk comes first goes on alone;
   * after a chunk there is never more than that one until it is late.
   */
  readonly floor: readonly Turn[];
  /** Calls to the floor so far, and those of them since the last chunk. */
  readonly speakers: number;
  readonly fruitless: number;
  /** How often the delivered answer changed its speaker, and who was last said to be speaking. */
  readonly switches: number;
  readonly announced: PeerId | undefined;
  /** When somebody who took part was last lost. */
  readonly lostAt: Ms;
  /** Who failed in this job, once for each time. */
  readonly failures: readonly PeerId[];
  /** Who lied or broke the protocol in this job, or cannot go on from what was said in it. */
  readonly barred: readonly PeerId[];
  /** Some providers of the model have a stake; and those without one that took part (see votes.ts). */
  readonly staked: boolean;
  readonly strangers: readonly PeerId[];
  /** Peers that were asked and look at some positions only. */
  readonly sampling: readonly PeerId[];
  /** Those whose engine is of a kind that was never tried as it is usually run. */
  readonly unverified: readonly PeerId[];
  /** Providers that were at capacity. */
  readonly busy: number;
  /** Providers that refused because of the request itself. */
  readonly blamers: readonly (Blamer & { readonly peer: PeerId; readonly message: string })[];

  /** The prompt as the answer's first speaker tokenised it, whose ids are the others' terms; how many is settled by all. */
  readonly base: { readonly promptDigest: string; readonly promptTokens: number } | undefined;
  /** The whole answer so far, in order. The first `delivered` of them reached the application. */
  readonly held: readonly Held[];
  /** Of those, how many no majority has accepted, and which ones somebody rejected. */
  readonly unaccepted: number;
  readonly doubted: readonly number[];
  readonly delivered: number;
  readonly deliveredAt: Ms;
  readonly deliveredTokens: number;
  /** Of those, tokens a witness had accepted before. */
  readonly acceptedTokens: number;
  /** The application has what it wanted (a stop string): the answer ends after this many held chunks. */
  readonly satisfied: number | undefined;
  /** When the last chunk of the answer was heard; the verdict is awaited from then on. */
  readonly completeAt: Ms | undefined;
  readonly proof: Proving | undefined;
  /** Committees that met in this job. Each takes a secret of its own, and there are not many. */
  readonly rounds: number;
  /** Position of the first chunk that a rejection stands against without a majority either way, and since when. */
  readonly disputedAt: number | undefined;
  readonly disputedSince: Ms | undefined;
}
