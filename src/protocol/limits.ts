/**
 * Every bound Holdfast puts on what reaches it, with its reason and the abuse it prevents. A limit that is not on
 * this page does not exist; a number elsewhere in the code that refuses something belongs here.
 */
export const limits = {
  // ---- the application's side (HTTP on localhost) ----
  /** Request body. A 128k-token chat is about 0.5 MB of text; above 8 MiB nothing embedded could use it. Abuse: memory. */
  requestBytesMax: 8 * 1024 * 1024,
  /** Messages of one chat. Abuse: a million empty messages cost more to template than to send. */
  messagesMax: 4096,
  /** Stop strings: as in the OpenAI API. */
  stopsMax: 4,
  /** Length of one stop string, UTF-16 units. Its length is text withheld from the application. */
  stopLengthMax: 256,
  /** Answers for one request (`n`). Each is a job with its own executor and witnesses. */
  choicesMax: 8,
  /** Requests being answered at once. Beyond it 429 with Retry-After. Abuse: memory and sockets. */
  requestsInFlightMax: 1024,
  /** Hold budget a client may ask for, ms. Longer would look like a hang. */
  holdMsMax: 60_000,
  /** Witnesses a client may ask for. Each costs a prefill on another's machine. */
  witnessesMax: 8,
  /** A job's whole time, ms. */
  deadlineMsDefault: 120_000,
  deadlineMsMax: 3_600_000,
  /** Answer length when the application names none, tokens; and the most it may ask for (a node's context ends it sooner). */
  answerTokensDefault: 1024,
  answerTokensMax: 131_072,
  /** Executor attempts for one answer: with 30 % of nodes dead and nobody aware, five tries succeed 99.76 % of the time. */
  attemptsMax: 5,

  // ---- between gateway and provider (data plane) ----
  /** One message on an attempt's stream, bytes. The longest is `open`, which carries the prompt. */
  messageBytesMax: 9 * 1024 * 1024,
  /** One message from a provider, bytes: a chunk of 32 tokens is about 1 KiB. Abuse: a provider filling a gateway's memory. */
  replyBytesMax: 64 * 1024,
  /** Unsent bytes on one attempt before it is closed. A peer that does not read is as good as gone. */
  unsentBytesMax: 16 * 1024 * 1024,
  /** Tokens of one chunk. Above 32 llama.cpp's CPU kernels change and honest judgements with them (design, parts §6). */
  chunkTokensMax: 32,
  /** Text of one chunk, UTF-16 units. One token of a known vocabulary is below 200 bytes. */
  chunkTextMax: 8192,
  /** Connect and TLS to a provider, ms. */
  connectMsMax: 2_000,
  /** Heartbeat on connections in use: one ping every `heartbeatMs`, gone after `heartbeatMisses` unanswered. */
  heartbeatMs: 2_000,
  heartbeatMisses: 3,
  /** Attempts a provider runs at once beyond its engine's sequences: these wait; later ones are refused as busy. */
  attemptsWaitingMax: 16,

  // ---- between nodes (control plane) ----
  /** A signed offer as sent, bytes. Certificate 0.5 KiB, addresses and models the rest. Abuse: gossip amplification. */
  offerBytesMax: 8 * 1024,
  /** Time an offer stands, ms. A node that vanished is forgotten after this at the latest. */
  offerLifeMs: 60_000,
  /** An offer is renewed when this share of its life is over. */
  offerRenewShare: 1 / 3,
  /** An offer must not claim to be valid further ahead than this, ms. Abuse: an offer nobody can expire. */
  offerLifeMsMax: 10 * 60_000,
  /** Models, addresses in one offer. */
  offerModelsMax: 16,
  offerAddressesMax: 16,
  /** Offers a gateway keeps. At 8 KiB each: 128 MiB at the very worst, a few MiB in practice. Abuse: Sybil flooding. */
  offersMax: 16_384,
  /** Clock difference between two honest nodes that is tolerated when an offer's times are checked, ms. */
  clockSkewMsMax: 120_000,
  /** Known peers kept on disk. */
  peersRememberedMax: 256,

  // ---- sampler ----
  /** Candidates of the canonical sampler: the 64 largest logits (design, verification §4). */
  candidates: 64,
} as const;
