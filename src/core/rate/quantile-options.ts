// What bounds a rate that is found: how slow and how fast it may be, where it begins, and what its
// blast is like.

export interface QuantileOptions {
  /** Multicast stops rather than goes slower; bits per second. Without it, it goes on at 0.5 Mbit/s. */
  readonly minBps?: number
  readonly maxBps?: number
  readonly startBps?: number
  /** Reports may never come: that is no reason to slow down or to stop. */
  readonly oneWay?: boolean
  /** What is sent comes from elsewhere in portions: a want of it says nothing of the path. */
  readonly isFed?: boolean
}
