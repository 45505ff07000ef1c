/**
 * Every bound Holdfast puts on what reaches it, with its reason and the abuse it prevents. A limit that is not on
 * this page does not exist; a number elsewhere in the code that refuses something belongs here.
 */
export const limits = {
  // ---- the application's side (HTTP on localhost) ----
  /** Request body. A 128k-token chat is about 0.5 MB of text; above 8 MiB nothing embedded could use it. Abuse: memory. */
  requestBytesMax: 8 * 1024 * 1024,
  /** Connections applications keep open. Abuse: sockets held open for nothing. */
  connectionsMax: 4096,
  /** A request's head must be there after this, ms, and its whole body after the second. Abuse: slowloris. */
  requestHeadMsMax: 10_000,
  requestMsMax: 60_000,
  /** A kept connection without a request is closed after this, ms. Longer than the idle time of common clients. */
  idleConnectionMsMax: 75_000,
  /** Bytes of an answer the application has not read before its connection is closed. Abuse: memory. */
  answerUnsentBytesMax: 4 * 1024 * 1024,
  /** Time in-flight answers have to leave when the gateway closes, ms. */
  closeMsMax: 800,
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
  /** Hold budget of a request that names none, ms: tokens leave unjudged after it, since a stream cannot take words back. */
  holdMsDefault: 250,
  /** How long an attempt waits at a provider whose engine is full before it is refused as busy, ms. Less than a gateway waits for `ready`. */
  seatWaitMsMax: 1_000,
  /** Jobs that wait for the seats of one model, and how long one may, ms. Beyond either 429: an honest no beats a long silence. */
  jobsWaitingMax: 256,
  jobWaitMsMax: 30_000,
  /** Models whose lines are kept when nobody waits in them. Abuse: models offered under ever new ids. */
  linesMax: 64,
  /** A model's name as an application gives it, UTF-16 units; the longest paths in use are below 200. Abuse: names of
   *  megabytes in the lines, and in what is remembered of each upstream. */
  modelNameLengthMax: 512,
  /** Models one request may name, the first included. Each is a whole try, with attempts of its own. */
  modelsPerRequestMax: 8,
  /** Hold budget a client may ask for, ms. Longer would look like a hang. */
  holdMsMax: 60_000,
  /** Witnesses of a request over the network that names none: with two, one can be lost and the answer is still judged. */
  witnessesDefault: 2,
  /** Witnesses a client may ask for. Each costs a prefill on another's machine. */
  witnessesMax: 8,
  /** A job's whole time, ms. */
  deadlineMsDefault: 600_000,
  deadlineMsMax: 3_600_000,
  /** Answer length when the application names none, tokens; and the most it may ask for (a node's context ends it sooner). */
  answerTokensDefault: 1024,
  answerTokensMax: 131_072,
  /** Retry-After of a 429 or 503, seconds: a slot, or a lost node's successor, is usually there by then. */
  retryAfterSeconds: 1,
  /** Executor attempts for one answer: with 30 % of nodes dead and nobody aware, five tries succeed 99.76 % of the time. */
  attemptsMax: 5,

  // ---- between gateway and plain upstreams ----
  /** Upstreams of one gateway, and connections kept to each. One request uses one connection (HTTP/1.1). */
  upstreamsMax: 1024,
  upstreamConnectionsMax: 256,
  /** Head of an upstream's answer, a line of its framing or its trailer, bytes. Servers take 8 to 64 KiB from clients. Abuse: memory. */
  upstreamHeadBytesMax: 64 * 1024,
  /** A connection nobody uses is closed after this, ms, however long its server would keep it. */
  upstreamIdleMsMax: 60_000,
  /** A whole body from an upstream, bytes; a long answer with log probabilities is a few MB. Abuse: memory. */
  upstreamBodyBytesMax: 64 * 1024 * 1024,
  /** A body that is not an answer (an error, a list of models), UTF-16 units. Abuse: memory. */
  upstreamErrorCharsMax: 1024 * 1024,
  /** One server-sent event of an upstream, UTF-16 units. Abuse: an event that never ends. */
  upstreamEventCharsMax: 4 * 1024 * 1024,
  /** Events without content that are kept while waiting for some; a role and a comment are usual. Abuse: memory. */
  upstreamEventsKeptMax: 1024,
  /** Models of which it is remembered how one upstream takes them. The application chooses these names. Abuse: memory. */
  upstreamModelsRemembered: 256,
  /** Longest time that an upstream may ask to be left alone for, ms. Abuse: one busy moment that ends it for good. */
  upstreamPauseMsMax: 60_000,
  /** Time for one answer, ms, until its first content and, without streaming, until its end; all attempts together. */
  upstreamDeadlineMsDefault: 600_000,
  /** Attempts for one answer that run at once: the one that is silent and those started beside it. */
  upstreamAttemptsAtOnceMax: 3,
  /** Attempts of one answer altogether. `attemptsMax` of them may pass without a new piece of text. */
  upstreamAttemptsMax: 32,
  /** Silence that starts an attempt beside an upstream, ms: bounds on what its rhythm suggests, and while none is known. */
  silenceMsMin: 400,
  silenceMsMax: 15_000,
  silenceMsUnknown: 2_000,
  /** The same at least for one that falls silent in several streams at once, which chance seldom brings about. */
  silenceAllMsMin: 200,
  /** A look at who is silent that comes later than this, ms, comes again once what arrived meanwhile was read. */
  ownLateMs: 50,
  /** A stream is slow when a character takes this many times what it usually does, and longer than the second, ms (25
   *  characters a second are about as quick as people read), after so many pieces; and how often one answer is handed on for it. */
  slowTimes: 4,
  slowCharMsMin: 40,
  slowPiecesMin: 2,
  reliefsMax: 2,
  /** Silence within an answer after which an upstream is given up though nobody else can go on, ms. Before one begins, by its
   *  prompt's weight, only where another model is to be tried: to load one takes minutes, and the last there is gets them. */
  stallMsMax: 120_000,
  /** How long an upstream's list of models is taken as it was, ms. */
  catalogueMsMax: 60_000,
  /** Time one list of models may take, ms. */
  catalogueWaitMsMax: 2_000,

  // ---- between gateway and provider (data plane) ----
  /** One message on an attempt's stream, bytes. The longest is `open`, which carries the prompt. */
  messageBytesMax: 9 * 1024 * 1024,
  /** One message from a provider, bytes: a chunk of 32 tokens is about 1 KiB. Abuse: a provider filling a gateway's memory. */
  replyBytesMax: 64 * 1024,
  /** Unsent bytes on one attempt before it is closed. A peer that does not read is as good as gone. */
  unsentBytesMax: 16 * 1024 * 1024,
  /** What a peer may send unread, bytes: on a connection, on a stream. At 64 KiB long prompts take 100 round trips. Abuse: memory. */
  connectionWindowBytes: 4 * 1024 * 1024,
  streamWindowBytes: 1024 * 1024,
  /** Session keys kept ready for use, since to read one costs as much as to verify by it. They come from offers. Abuse: memory. */
  sessionKeysKept: 1024,
  /** Tokens of one chunk. Above 32 llama.cpp's CPU kernels change and honest judgements with them (design, parts §6). */
  chunkTokensMax: 32,
  /** Text of one chunk, UTF-16 units. One token of a known vocabulary is below 200 bytes. */
  chunkTextMax: 8192,
  /** Connect and TLS to a provider, ms. */
  connectMsMax: 2_000,
  /** A node reached through others is dialled directly again after the first, ms, then at waits that double up to the second. */
  directRetryMs: { least: 2_000, most: 10 * 60_000 },
  /** Heartbeat on connections in use: one ping every `heartbeatMs`, gone after `heartbeatMisses` unanswered. */
  heartbeatMs: 2_000,
  heartbeatMisses: 3,
  /** Attempts a provider runs at once beyond its engine's sequences: these wait; later ones are refused as busy. */
  attemptsWaitingMax: 16,
  /** An attempt of which nothing was asked for this long, ms, is ended with a word that says so. A witness waits while its
   *  speaker reads a long prompt, hence minutes. Abuse: seats held for nothing. */
  attemptIdleMsMax: 120_000,
  /** How long one attempt may hold a node's one reference engine, ms: an answer of some thousand tokens read on one
   *  thread. Abuse: the engine that disputes need, held for none. */
  referenceMsMax: 1_800_000,
  /** Share of a provider's seats that one remote machine may hold while others ask too, or have asked in the last
   *  `guestsRememberedMs`. Alone it may have all. Abuse: one gateway that takes every seat there is. */
  guestShare: 0.75,
  guestsRememberedMs: 60_000,

  /** Text and ids of an attempt's orders that a provider has not come to yet, UTF-16 units (an id counts as 16, an
   *  order as 256, each member and each commit of a set as 512). A cold replacement is shown a whole answer at once:
   *  131k tokens in chunks of 4 are 13 Mi. Abuse: memory. */
  ordersWaitingUnitsMax: 16 * 1024 * 1024,

  // ---- commit and reveal at an answer's end ----
  /** Witnesses of one answer that are asked to commit. As many as a client may ask for, one that decided a dispute, and
   *  those that are asked where the others come to no verdict. */
  committeeMax: 11,
  /** Time they have to commit, each counted from its own, and again to open, ms. Abuse: a member that lets everybody wait. */
  commitMsMax: 1_500,
  /** Leaves of an opening, and the hashes beside them, bytes each: 32 leaves, or 18 of an answer of 131k tokens. Abuse: memory. */
  openingBytesMax: 12 * 1024,
  /** A calibration: pairs of profiles in it, and its bytes. A few hundred profiles exist; a file is some 100 KiB. Abuse: memory. */
  calibratedPairsMax: 1024,
  calibrationBytesMax: 1024 * 1024,
  /** How long a statement stands, ms: past any time in which somebody could be held to it. */
  statementLifeMs: 30 * 24 * 60 * 60_000,
  /** Offers in a receipt: of the committee and of every speaker that was lost on the way. Abuse: 3 ms for each to check. */
  receiptOffersMax: 64,
  /** Receipts a gateway keeps, their bytes together, and those not yet on disk. A common one is 20 KiB. Abuse: a full disk, memory. */
  receiptsKept: 1024,
  receiptsBytesMax: 256 * 1024 * 1024,
  receiptsPendingMax: 64,
  /** A receipt's file, bytes: an answer of 131k tokens in chunks of 4, a long prompt and its proof. Abuse: memory. */
  receiptBytesMax: 64 * 1024 * 1024,
  /** Answers that one attempt's node seals: its own end, and where it was said otherwise after all. Abuse: memory. */
  envelopesMax: 4,
  /** Numbers of statements reserved on disk at once; a crash loses the rest of them. One write for each would hold up answers. */
  statementsReserved: 256,
  /** Statements a gateway remembers, to see whether a node says another thing under the same number. 0.6 KiB each. */
  statementsRemembered: 4096,
  /** Equivocations kept of one job: every member's of a committee, in a few rounds. 2 KiB each. Abuse: memory, disk. */
  equivocationsMax: 64,
  /** Jobs whose equivocations a gateway still adds to; those of earlier ones are on its disk. Abuse: memory. */
  equivocationJobsRemembered: 64,

  // ---- audits and disputes, long after an answer ----
  /** Unwatched answers kept for audits, 40 KiB each: a week of them should fit. Abuse: a full disk. */
  sealedRoom: { keptMax: 65_536, bytesMax: 2 * 1024 ** 3 },
  /** Time for a drawn node to read an answer again and commit, and then to open, ms. It may be busy, and the answer long. */
  auditReadMsMax: 120_000,
  auditOpenMsMax: 10_000,
  /** How long a node waits for its own endpoints to have a block that others saw, ms. */
  beaconLagMsMax: 5_000,
  /** How long a committee that has committed waits for the next block, ms: some minutes of the slowest chain there is. */
  beaconWaitMsMax: 120_000,
  /** How often a gateway looks whether an epoch has begun, ms; one lasts an hour on a slow chain, minutes on a quick one. */
  epochLookMs: 5_000,
  /** Epochs that passed unseen (its audits took long, or the chain was away) that a gateway catches up on: a whole thaw
   *  window at ten minutes each. Each costs two questions to the chain. */
  epochsCaughtUpMax: 1008,
  /** Nodes asked for a draw. Each costs a call to the chain; a model of more than these is audited by some of them. */
  drawnAmongMax: 1024,

  // ---- answers whose executor and witnesses are drawn ----
  /** Providers told of one such request before its block, as many as there are connections; of more, some are drawn among. */
  announcedMax: 256,
  /** Announcements a node remembers, 0.2 KiB each. Abuse: memory. */
  notesMax: 8_192,
  /** Sets that a node closes for one answer in one epoch, to open against one of them. Abuse: its disk. */
  setsClosedMax: 4,
  /** Blocks ahead of its chain that a node notes, and that may decide what it opens: seconds of the fastest chains. */
  blocksAheadMax: 4,
  closeAheadMax: 32,
  /** Notes in a receipt, those of its members first: of others so many as tell how much stake saw the request in time. */
  receiptNotesMax: 32,
  /** Draws for one request: seats may fall to those that serve another model, and then the next block draws. */
  drawsMax: 8,
  /** How long a drawn answer waits for a chain that is away, ms. */
  chainMsMax: 10_000,
  /** The same for the block that draws, and at its end for the one that decides positions, ms: a few of the slowest chain's. */
  positionsMsMax: 60_000,

  /** Connections a provider keeps open at once, and streams on one of them. Abuse: file descriptors, memory. */
  connectionsInMax: 1024,
  streamsPerConnectionMax: 256,
  /** Time a peer may take to end a stream after this node has, ms; then it is reset. Abuse: streams left half open. */
  streamEndMsMax: 10_000,
  /** TLS handshake, ms, and the time from a stream's start to its whole first message. Abuse: sockets held for nothing. */
  handshakeMsMax: 5_000,
  firstMessageMsMax: 30_000,
  /** Connections a gateway keeps; beyond it the longest unused goes. One is used per provider it works with. */
  connectionsOutMax: 256,
  /** A connection without an attempt is closed after this, ms. Reconnecting costs a few ms. */
  connectionIdleMsMax: 10 * 60_000,
  /** The next of a provider's addresses is tried beside the first after this, ms (RFC 8305 §5 recommends 250). */
  connectStaggerMs: 250,

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
  /**
   * Providers looked at for one decision, drawn by chance from all of a model's: with a third of them dead at once, that
   * fewer than five live ones are among them happens less than once in 10^18 decisions. Abuse: 16,384 offers to rank.
   */
  candidatesMax: 64,
  /** Conversations of which a gateway remembers who read them, as digests: about 2 MB. Abuse: none ever goes on. */
  conversationsMax: 4_096,
  /** Clock difference between two honest nodes that is tolerated when an offer's times are checked, ms. */
  clockSkewMsMax: 120_000,
  /** Known peers kept on disk. */
  peersRememberedMax: 256,
  /** Offers given to a node that asks (exchange), newest first: 2 MiB at the very worst. Gossip brings the rest. */
  offersExchangedMax: 256,
  /** Time for one exchange, ms. */
  exchangeMsMax: 10_000,
  /** Peers a node connects to by itself. Gossip's own mesh wants 6; below that offers arrive late. */
  peersWanted: 8,
  /** Dialling a peer again, ms: doubles from the first to the second with every failure. */
  redialMsMin: 1_000,
  redialMsMax: 60_000,
  /** How often a node asks each peer whether it is there, ms. Half an offer's life: whoever says nothing is forgotten then anyway. */
  peersPingMs: 30_000,
  /** How often a node looks whether it has peers enough, ms. */
  peersCheckMs: 5_000,
  /** Bounds on what a relay carries for others: nodes, and per relayed connection time (ms) and bytes. Abuse: bandwidth. */
  relayReservationsMax: 128,
  relayConnectionMsMax: 60 * 60_000,
  relayConnectionBytesMax: 1024 * 1024 * 1024,
  /** Relayed streams one peer may hold open to another: one in use, one going, and a reserve. Abuse: handshakes. */
  carriedPerPeerMax: 4,

  // ---- a node's own machine ----
  /** Size of a node's state file, bytes. It holds counters and vouchers, some KiB each peer. Abuse: peers filling a disk. */
  storeBytesMax: 1024 * 1024 * 1024,
  /** A child's log when it starts, bytes; a larger one is put aside first. Abuse: peers that provoke log lines for days. */
  logBytesMax: 16 * 1024 * 1024,
  /** A configuration file, bytes. A thousand upstreams are about 200 KiB; a wrong path may name anything. */
  configBytesMax: 1024 * 1024,
  /** Nodes that one `holdfast up` starts. Each is a process with a model of its own, about 0.3 GB. */
  localNodesMax: 64,

  // ---- embeddings ----
  /** Texts of one request, as in the OpenAI API; each is a forward pass of its own. */
  embeddingInputsMax: 2048,
  /** Numbers of one vector: its message stays within `replyBytesMax`, and models have a few thousand. Abuse: memory. */
  embeddingDimensionsMax: 8192,
  /** Numbers of all vectors of one answer: 8 MiB, and some 40 MiB of JSON. Abuse: memory. */
  embeddingValuesMax: 2 * 1024 * 1024,
  /** All labels of a classifier as they travel, bytes: they are in every offer, which has `offerBytesMax`. Models have tens of labels. */
  labelsBytesMax: 4096,
  /** A replica that says nothing for so long, ms, has another asked beside it. Each vector is a word. */
  embeddingSilenceMsMax: 5_000,
  /** How long those that are not needed any more may still answer, ms: whoever answers otherwise than the rest is known by it. */
  embeddingAfterMsMax: 10_000,
  /** An ONNX model file, bytes. It is read whole, and its format holds no more. Abuse: memory. */
  onnxBytesMax: 2 * 1024 ** 3,
  /** Its tokenizer, bytes; the largest of known models are about 30 MB. Abuse: memory. */
  tokenizerBytesMax: 64 * 1024 * 1024,

  // ---- health ----
  /** First quarantine after an incident and the longest, ms. Short, so that a blip costs little; growing, for bad peers. */
  quarantine: { least: 1_000, most: 60_000, kept: 0.5 },
  /** The same after a lie that a majority or a proof has shown. Its quarantine is from speaking only, and it takes fourteen
   *  judged answers spoken truly to make up for the first, as many more for each doubling: who lies in every tenth is
   *  caught at it again before. Abuse: a liar that earns trust by witnessing, or lies only now and then. */
  lies: { least: 60_000, most: 3_600_000, kept: 0.95 },
  /** Nodes known to have lied: as many as there are offers. Abuse: memory, by ever new names; they push out no stake. */
  liarsMax: 16_384,
  /** Pools of fingerprint distances, some hundred bytes each; the one added to longest ago goes first. Abuse: memory. */
  driftsMax: 4_096,
  /** Attempts on suspicion: so many for each answer that ended well, and so many saved up, as for a blackout under load.
   *  Abuse: none from outside; a gateway whose every doubt adds load to a network that is slow already. */
  hedges: { perAnswer: 0.3, most: 16 },

  // ---- between a node and its chain ----
  /** One call to an RPC endpoint, ms. Nothing that a request waits for; a hanging endpoint delays knowledge this much. */
  rpcMsMax: 2_000,
  /** A reply of an RPC endpoint, bytes; the longest asked for is `stakesPageMax` words of 32 bytes, in hex. Abuse: memory. */
  rpcReplyBytesMax: 1024 * 1024,
  /** Endpoints of one chain. More than a handful adds load and no safety. */
  rpcEndpointsMax: 16,
  /** Nodes or models asked for in one call; 1024 cost 3 M gas, well within what endpoints let a call use. */
  stakesPageMax: 1024,
  /** Nodes and models whose facts are kept and read again; those asked for longest ago go first. Abuse: Sybil flooding. */
  nodesWatchedMax: 16_384,
  modelsWatchedMax: 4_096,
  /** Blocks the chain may seem to have gone back, as after a reorganisation. Further back is an endpoint that stands still. */
  reorgBlocksMax: 64,

  // ---- sampler ----
  /** Candidates of the canonical sampler: the 64 largest logits (design, verification §4). */
  candidates: 64,

  // ---- answers in a given form ----
  /** A JSON schema as text, UTF-16 units; it goes to every node of a job, and into the receipt. Real ones are 1 to 8 KiB. Abuse: memory. */
  schemaBytesMax: 32 * 1024,
  /** How deep it is nested, its schemas and the values of its enums together, and definitions it refers to. OpenAI allows
   *  10 levels, 5,000 properties and 1,000 values. Abuse: a schema that can be read in so many ways that it holds up a node. */
  schemaDepthMax: 32,
  schemaPartsMax: 1_000,
  schemaNamesMax: 100,
  /** Readings of an answer that are followed at once, more than a schema within the bounds needs that is not made for it.
   *  Where there are more, the later ones are forgotten, by every node alike: less is legal then, and it still fits. */
  schemaWaysMax: 1_024,
  /** How deep one of them may nest, pieces of the schema; a level of arrays or objects takes about four. Abuse: memory. */
  schemaStackMax: 10_000,
  /** Pieces of the schema opened to see how an answer may go on, at first and for each byte it has come to. A character of
   *  a string that is counted takes about 40. Some milliseconds a token at most. Abuse: a schema made to hold up a node. */
  schemaStepsMax: 500_000,
  schemaByteStepsMax: 500,

  // ---- engines ----
  /** UTF-16 units one token may stand for. A prompt longer than this times the window cannot fit and is refused
   *  unread. The longest token of known vocabularies is below 200 bytes. Abuse: megabytes to tokenise, on one thread. */
  tokenLengthMax: 256,
  /** One event of an upstream's stream, and what is read of its error bodies, UTF-16 units. Abuse: memory. */
  engineEventLengthMax: 256 * 1024,
  engineErrorLengthMax: 8 * 1024,
  /** Silence of an upstream engine, ms: a large model may think long before its first token. */
  engineSilenceMsMax: 120_000,
  /** An upstream's answer that is not streamed, bytes: candidates of one position take 6 KB, 256 of them 25. Abuse: memory. */
  engineReplyBytesMax: 1024 * 1024,
  /** Its whole vocabulary, read once at the start, and how many tokens that may have: about 100 bytes each as JSON, and
   *  the largest vocabularies in use have 262,144. Abuse: memory. */
  engineVocabularyBytesMax: 64 * 1024 * 1024,
  engineVocabularyMax: 524_288,
  /** Candidates asked of it first for a token that is not among the 64, then eight times as many. An honest one lies at
   *  most half a logit below the 64th, so more are needed only where a schema leaves none of them, or they are nearly
   *  alike; the whole of a vocabulary of 49,152 takes 0.8 s. Abuse: replies of megabytes. */
  engineCandidatesFirst: 256,
  /** One position of a text that an engine is shown whole, bytes: 65 candidates of about 100 as vLLM writes them; and how
   *  long such a text may be, tokens: what comes back is held at once, 64 MiB at most. Abuse: memory. */
  enginePositionBytesMax: 16 * 1024,
  engineForcedTokensMax: 4096,
  /** Where an engine pays a step for each position it looks at, it looks at one in every run of so many, drawn by itself
   *  after the words were said: following then costs a fraction of speaking. A swapped token is seen one time in four, ten
   *  of them 19 times in 20; other weights, seeds and temperatures show at most positions. */
  sampledRun: 4,

  // ---- fetching models ----
  /** A model file, bytes. Above it nothing of today's is meant; it stops a server that never ends. Abuse: a full disk. */
  modelBytesMax: 1024 ** 4,
  /** Silence of a server while a model is fetched, ms; then the connection counts as broken. */
  fetchSilenceMsMax: 30_000,
  /** Tries in a row that bring nothing new before a download gives up. What arrived is kept. */
  fetchTriesMax: 5,
  /** The process that fetches touches its lock this often, ms, and is thought dead when it has not for the second. */
  fetchLockTouchMs: 1_000,
  fetchLockStaleMs: 10_000,
  /** pip's whole answer about one wheel: time, ms, and bytes (it is about 10 KiB). Abuse: an index that hangs. */
  pipMsMax: 60_000,
  pipReportBytesMax: 4 * 1024 * 1024,
} as const;
