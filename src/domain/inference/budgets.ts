import type { Ms } from "../ids.ts";

/**
 * The waits of one job, ms. Each is bounded by what is left of the job's own deadline, so they never add up past it.
 * Every wait ends twice (waiting.ts): when an attempt is late by its own past or its peers', somebody else is asked as
 * well; when it is given up, it is closed. The first costs little and comes early, the second is generous.
 */
export const budgets = {
  /** Nobody is late sooner: connecting and reading (a busy machine's hiccup), the first chunk, a judgement. */
  readyLateLeast: 200,
  readLateLeast: 200,
  /** …and, by its own past, for each token: who had read the last prompts before will read a new one more slowly. */
  readLatePerTokenLeast: 2,
  firstLateLeast: 100,
  judgeLateLeast: 150,
  /** From opening an attempt to its `ready`: connect, TLS, tokenising. A stopped process shows here. */
  readyMs: 2_500,
  /**
   * Reading: this much and so much for each token of prompt or answer. Small models on a quiet core take 10 ms a token;
   * three nodes on two busy cores take four times that, and whoever gives up on them makes it worse. A machine that is
   * gone shows sooner, by its heartbeat.
   */
  readMs: 1_500,
  readMsPerToken: 40,
  /** The first chunk of a speaker that has read everything: one step of the model. Late comes long before. */
  firstChunkMs: 1_000,
  /** An engine without logits answers from elsewhere: its first words, and the most between two of them. */
  textFirstMs: 20_000,
  textSilenceMs: 5_000,
  textLateLeast: 400,
  /** Bounds of the silence between a speaker's chunks that is not late. Below 250 ms a busy machine looks dead. */
  silenceMsLeast: 250,
  silenceMsMost: 700,
  /** Given up this much later, when nobody could be asked instead, or nobody has said anything either. */
  silenceMsMore: 750,
  /** …but never less than this many of its own intervals: a busy machine is slow for all its chunks. */
  silenceIntervals: 3,
  /** Chunks a speaker's pace is measured over, and how many times another's it is before the floor is taken from it. */
  slowChunks: 4,
  slowTimes: 2.5,
  /** Left for judging the first chunk after a switch, however long the switch took: a warm witness needs about 40. */
  switchHoldMs: 60,
  /** Whoever was lost from an answer under way is replaced after this, where a witness is left: many answers may have lost
   *  their speakers at that instant, and newcomers' reading would take their successors' first steps from them. */
  recruitAfterMs: 200,
  /** A witness that owes a judgement for this long is replaced. */
  witnessLagMs: 2_500,
  /** Without a majority after this long a disputed answer ends in an explicit error. */
  disputeMs: 10_000,
  /** Words that nobody is there to judge wait this long, however long they may be held: meanwhile the job keeps seats
   *  that others wait for, who may hold those it waits for itself. */
  unjudgedMs: 5_000,
  /** The finishing chunk waits this long for the verdict. */
  verdictMs: 5_000,
  /** …and this long for its proof, which has bounds of its own. Abuse: a member that never opens. */
  proofMs: 4_000,
  /** …and this long for the seal of an answer that nobody watched and the application ended: one word. */
  sealMs: 1_500,
  /** …and where one more witness is asked, so much for it to connect and judge, beside the time it takes to read. */
  opinionMs: 6_000,
  /** Further witnesses for one answer. Abuse: members that disagree for ever. */
  opinionsMost: 2,
  /** A streamed answer that is whole and undisputed is not lost to its deadline: it goes out so much before, judged and
   *  proved or not. */
  lastWordMs: 200,
  /** With nobody at work and nobody to ask, this long is waited for one that comes back or has a seat again. */
  aloneMs: 3_000,
  /** Whom routing named longer ago is not asked before it was asked again: where many fail at once, it knows by then. */
  prospectsMs: 100,
  /** When routing knew nobody more, it is asked again after this. */
  seekAgainMs: 500,
  /** Operators that must agree that the request itself is at fault, while others are left to ask. Abuse: two instant refusers. */
  blamersLeast: 3,
  /** Chunks on which a witness is outvoted before its seat goes to another. Abuse: a dissenter that delays every token. */
  dissentsMost: 3,
  /** Words of one attempt that move nothing: repeated, or about what was dropped. Abuse: a gateway kept busy. */
  idleWordsMost: 256,
  /** A follower that was shown nothing for this long may leave for that. Sooner it is an excuse. */
  idleMsLeast: 60_000,
  /** Attempts of any kind to begin an answer with: five speakers, and witnesses for each. Abuse: a network of refusers. */
  attemptsAtFirst: 24,
  /** One more for so many chunks that stand, five seconds of speech: in an hour nodes come and go. */
  chunksPerAttempt: 64,
  /** …and in all: one that leaves every fifteen seconds for an hour. Abuse: words of one token that pay for refusers. */
  attemptsOpenedMax: 240,
} as const satisfies Record<string, Ms | number>;
