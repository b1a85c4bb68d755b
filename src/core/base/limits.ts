// Every number that bounds something from outside, or that tunes the protocol, in one place. A
// value marked (start) is a starting value: change it with a measurement.

const KiB = 1024
const MiB = 1024 * KiB

/** Bytes of a block: the unit of verification, availability and request. */
export const BLOCK_BYTES = 16 * KiB

export const LIMITS = {
  // Meta
  chunkBytesMin: 16 * KiB,
  chunkBytesMax: 16 * MiB,
  /** The least that `meta` chooses by itself. */
  chunkBytesChosenMin: 1 * MiB,
  /** `meta` doubles the chunk size until there are at most so many chunks beyond one per file. */
  chunksWanted: 32 * 1024,
  metaBytesMax: 512 * MiB,
  metaFilesMax: 4_000_000,
  metaPathBytesMax: 4096,
  metaNameBytesMax: 255,
  metaDepthMax: 128,
  /** Lists and objects of the document within each other. */
  metaNestingMax: 64,
  /** Of the document; a file has about seven. */
  metaValuesMax: 32_000_000,
  metaManagersMax: 32,
  blocksMax: 2 ** 32 - 1,

  // Datagrams
  /** Parity in percent of the data at most: a code has 255 rows and columns, 192 of them data. */
  fecPercentMax: 30,
  datagramBytesMax: 65_507,
  announceBytesMax: 1400,
  /** Bytes of a symbol left free for an authentication tag, so geometry never depends on it. */
  tagBytes: 16,
  mtuDefault: 1500,
  /** Longer frames exist on no Ethernet. */
  mtuMax: 9216,
  /** A smaller MTU would need more symbols a block than a block's bitmap has. */
  mtuMin: 640,

  // Multicast session
  announceEveryMicros: 1_000_000,
  announceOnQueryEveryMicros: 100_000,
  metaAgainEveryMicros: 5_000_000,
  metaRateShare: 0.01,
  /** In a carousel whoever comes late can ask for neither, and has nothing until both came (start). */
  carouselAnnounceEveryMicros: 200_000,
  carouselMetaEveryMicros: 20_000,
  carouselMetaShare: 0.02,
  burstMicros: 2_000,
  /** A batch after a late wake-up may make up for so much. */
  lateBurstMicros: 10_000,
  /** Or so many bytes, which any switch keeps. */
  lateBurstBytes: 128 * KiB,
  catchUpMicros: 50_000,
  /** Where it is no more than such a burst. */
  catchUpMicrosMax: 300_000,
  /** Of one source that are looked at; a sender on whose queries many ask sends ten. */
  announcementsPerSecond: 20,
  sessionsMax: 16,
  /** Groups that a receiver is in at once, and sessions whose meta it listens for. */
  channelsMax: 8,
  /** A smaller symbol would need more of them a block than a block's bitmap has. */
  symbolBytesMin: 512,
  /** A longer meta is asked of peers, not overheard. */
  overheardBytesMax: 16 * MiB,
  reorderMicros: 30_000,
  silenceRejoinMicros: 2_000_000,
  rejoinEveryMicros: 10_000_000,
  readAheadBytes: 8 * MiB,

  // Reports
  reportRampMicros: 100_000,
  reportSteadyMicros: 500_000,
  reportServedMicros: 2_000_000,
  reportSampleRamp: 8,
  /** What has not changed is said again at most so often, however many there are to tell. */
  blastPerReceiverMicros: 4_000,
  breakerHalveMicros: 4_000_000,
  breakerStopMicros: 15_000_000,
  /** Nobody hears the blast for so long, a new join included: multicast stops, the swarm takes over. */
  unheardStopMicros: 2_500_000,

  // Peers
  /** A range with its header, or as many bitmaps: nothing longer is ever said. */
  frameBytesMax: 320 * KiB,
  rangeBytesMax: 256 * KiB,
  /** Memory for large frames that is kept for the next ones. */
  frameRoomsMax: 16,
  requestRangesMax: 1024,
  pipelineBytesMin: 256 * KiB,
  pipelineBytesMax: 4 * MiB,
  pipelineSeconds: 0.5,
  uploadSlots: 20,
  connectionsWanted: 20,
  /** While they are under way others come to us: who dials all at once ends up with twice as many. */
  dialsAtOnce: 5,
  /** All hear of a host in the same moment: they dial it, if they still want to, in the later half of this. */
  overheardMicros: 60_000,
  connectionsMax: 2048,
  /** Of a sender: every receiver keeps one to it, to report. */
  connectionsOfSenderMax: 16_384,
  connectionsPerAddressMax: 64,
  /** Accepted connections that have not said a byte yet, and those that talk to the manager. */
  connectionsSilentMax: 512,
  managerConnectionsMax: 256,
  /**
   * What waits in one socket for a peer that does not read; with so much it gets no more layers, which
   * must be more than a slot gives one that reads.
   */
  unsentBytesMax: 2 * MiB,
  unsentBytesFair: 1 * MiB,
  /** What waits in all sockets, and what has come of frames that are not whole. */
  heldBytesMax: 24 * MiB,
  peersPerMessageMax: 50,
  /** Others that a newcomer is told of: more than it will dial, and each of those tells of more. */
  introductions: 15,
  peersKnownMax: 4096,
  /** So many that were never tried are kept of those that peers tell of. */
  peersUntriedMax: 64,
  /** Addresses that are dialled because they were announced: in all, and at one host. */
  announcersMax: 64,
  announcersPerHostMax: 4,
  /** One that came to nothing gives way after so long at the earliest. */
  announcerTrialMicros: 2_000_000,
  peerSilenceMicros: 4_000_000,
  /** A peer that talks but answers nothing that was asked of it for so long is asked no more. */
  answerMicros: 10_000_000,
  /** So often in a row, and it is dropped. */
  stallsMax: 3,
  /** An upload slot is nobody's whose socket has taken nothing for so long. */
  slotStallMicros: 2_000_000,
  /** While others wait for one, it is somebody's for so long at a time (start). */
  slotTurnMicros: 2_000_000,
  /** Addresses that are learnt from one connection. */
  peersPerLinkMax: 200,
  /** Messages a second that a peer may send unasked, and how many at once; JSON counts for ten. */
  messagesPerSecondMax: 20_000,
  messagesBurst: 60_000,
  keepAliveMicros: 5_000_000,
  idleCloseMicros: 30_000_000,
  backoffFirstMicros: 500_000,
  backoffMaxMicros: 60_000_000,
  helloMicros: 5_000_000,
  /** Peers hear of what was verified: so often when it is much, so often when it is little. */
  haveEveryMicros: 50_000,
  haveTrickleMicros: 100_000,
  haveAtOnceBlocks: 64,
  /** What came by multicast each tells of so rarely for every peer it has, up to a limit (start). */
  haveHeardPerPeerMicros: 50_000,
  haveHeardMaxMicros: 2_000_000,
  /** Those in another segment hear of it so rarely: their packets share the line with the data. */
  haveFarMicros: 1_000_000,
  /** Share of its rate that a transmitter spends on repair while it blasts (start). */
  repairShare: 0.05,
  endgamePeers: 3,
  /** What a peer has begun to fetch from outside is left to it for so long; and so many runs of it. */
  begunMicros: 10_000_000,
  begunRunsMax: 16_384,

  // Relays
  /** Receivers of one segment that are remembered, and for how long. */
  matesMax: 1024,
  mateMicros: 60_000_000,
  /** A relay that nothing was heard of for so long is replaced. */
  mateSilenceMicros: 2_000_000,
  relaysMax: 3,

  /** Receivers that a sender remembers; connections are fewer. */
  receiversMax: 32_768,

  // Receiver's memory and disk
  partialPoolBytes: 48 * MiB,
  /** Second copies of symbols that are kept: of two, all four combinations are tried. */
  alternatesPerBlock: 2,
  /** Blocks that may have such copies, each in a place of its own (and a 16th of the pool at most). */
  alternateBlocksMax: 256,
  layerCacheBytes: 8 * MiB,
  /** Chunks that a sender keeps for the peers that ask for more of them; one stays in any case. */
  servedCacheBytes: 8 * MiB,
  journalEveryMicros: 3_000_000,

  // Ends
  receiverGraceMicros: 30_000_000,
  receiverQuietMicros: 3_000_000,
  /** One that is served and comes no further for so long is not waited for. */
  receiverStuckMicros: 300_000_000,
  /** Less than so much more is no progress: 1 MiB in five minutes is 28 kbit/s. */
  receiverFurtherBytes: 1_048_576,
  /** A complete receiver tries for so long to tell a sender so: over a lossy path it takes seconds. */
  receiverWordMicros: 10_000_000,
  missingRangesBytesMax: 64 * KiB,
  missingWaitMicros: 1_000_000,

  // Manager
  managerLineBytesMax: 64 * KiB,
  /** A line that was begun is whole after so long, or its connection ends. */
  managerLineMicros: 10_000_000,
  /** A connection that has said nothing for so long is over. */
  managerIdleMicros: 120_000_000,
  /** Lines of one connection that wait; it is read on when they are answered. */
  managerLinesWaiting: 64,
  managerLinesWaitingPerAddress: 65_536,
  /** Lines of one address that are answered before it is another's turn, a second, and at once. */
  managerLinesPerTurn: 4,
  managerLinesPerSecond: 3_000,
  managerLinesBurst: 3_000,
  /** A line that is answered with an error counts for so many. */
  managerErrorLines: 10,
  /** Answers that a client of the manager has not read. */
  managerUnsentBytesMax: 256 * KiB,
  managerHashCharsMax: 128,
  managerTtlSeconds: 30,
  /** Without its shared store a manager keeps what others have told it for so long. */
  managerHoldMicros: 300_000_000,
  /** Entries that one address may have, in all swarms; on the manager's own machine all share one. */
  managerEntriesPerAddressMax: 256,
  managerEntriesAtHomeMax: 12_000,
  managerPeersPerSwarmMax: 10_000,
  managerSwarmsMax: 1000,
  /** In all swarms. */
  managerEntriesMax: 50_000,
  /** Transfers that one answer lists. */
  managerListMax: 100,

  // Bench
  /** Streams that a receiver keeps apart at once. */
  benchStreamsMax: 64,
  /** Of what the two sides say to each other, its end included. */
  benchLineBytesMax: 1024,
  // Doctor: what one that listens does for whoever calls
  /** A line of the manager's has to hold it. */
  doctorPadChars: 48 * KiB,
  doctorDatagramBytesMax: 1472,
  doctorRateBpsMax: 1_000_000_000,
  /** One blast, and how many there are in a conversation. */
  doctorBlastMicrosMax: 2_000_000,
  doctorBlastDatagramsMax: 200_000,
  doctorRoundsMax: 31,
  doctorDialsMax: 2,
  /** How long memberships may be waited for, and all of a conversation may last. */
  doctorHoldMillisMax: 900_000,
  doctorMillisMax: 1_200_000,
  /** Connections of a manager that is nothing else, and those that have not spoken yet. */
  managerServiceConnectionsMax: 20_000,
  /** Swarms whose newcomers one connection is told of. */
  managerWatchesPerConnection: 16,
  /** Newcomers are told together, so late at most. */
  managerNewsMicros: 50_000,
  /** Of the peers that one is told of, so many are near at most; the others are drawn by lot. */
  managerNearShare: 0.7,
  /** Addresses that wait for their token: in all, and of one asker. */
  managerTokensMax: 1024,
  managerTokensPerAddressMax: 8,
  managerTokenMicros: 10_000_000,
  /** A meta that a manager keeps, and all of them. */
  managerMetaBytesMax: 16 * MiB,
  managerMetasBytesMax: 1024 * MiB,

  // The manager's HTTP port
  httpPageMax: 1000,
  httpHeaderBytesMax: 8 * KiB,
  httpConnectionsMax: 256,
  /** Streams of events, and what one that does not read may leave unread. */
  httpStreamsMax: 64,
  httpUnsentBytesMax: 1 * MiB,
  httpTokenBytesMax: 4 * KiB,
} as const
