// The numbers of the adaptive rate. All are starting values, chosen in the simulation of
// test/core/rate; change one with a measurement there and on a real line.

export const TUNING = {
  minBps: 500_000,
  maxBps: 100_000_000_000,
  startBps: 20_000_000,
  /**
   * What is fed to a sender has to reach the others in any case, and costs them more by any other way:
   * so little is sent however long their processors make it wait.
   */
  fedLeastBps: 20_000_000,
  /** How long the rate holds while it doubles. */
  roundMicros: 100_000,
  /** Reports of so much time are judged together. */
  batchMicros: 10_000,
  /** The queue that is aimed at, one that is as good as none, and one that tells a full path. */
  queueMicros: 20_000,
  queueLowMicros: 8_000,
  probeQueueMicros: 5_000,
  /** Shares of the path left free: always, and for repair at most. */
  headroom: 0.005,
  lossHeadroomMax: 0.2,
  /** Of what is lost, what parity does not restore, though it is as much. */
  parityMisses: 0.1,
  /** Steps of a probe: the least, the most that noise alone asks for, and where it gets urgent. */
  stepMin: 0.01,
  stepNoisyMax: 0.05,
  stepFast: 0.02,
  /** The first steps after the limit was overrun, when it is hardly known. */
  stepSearch: 0.05,
  /** After a receiver that held back the rest has left the quantile, or a startup without data. */
  stepFreed: 0.5,
  /** What the model keeps when our own line brings less: how much less, a late process makes unsure. */
  bound: 0.995,
  /**
   * Found full at this rate or below, the line may be full of others: what arrives must grow by
   * the gain when what is sent doubles.
   */
  contestedBps: 40_000_000,
  contestedGain: 1.4,
  holdMicros: 3_000_000,
  searchMicros: 3_000_000,
  idleMicros: 500_000,
  /** A floor above this is put to the test from time to time, by sending so much less. */
  retestFloor: 0.003,
  retestMicros: 10_000_000,
  testCut: 0.05,
  /** Our part of a line that others fill, and for how long at a time, at least and at most. */
  share: 0.55,
  shareLeastMicros: 5_000_000,
  shareMicros: 10_000_000,
  delayMemoryMicros: 3_000_000,
  /** How long a receiver must be far worse than the median before startup stops hearing it. */
  farPatienceMicros: 1_000_000,
  freedMicros: 3_000_000,
  belowMinMicros: 3_000_000,
} as const
