// How far below the path the rate goes, and for how long, until the queue that a verdict saw is gone.

import type { Micros } from '../base/machine.js'
import type { Verdict } from './panel.js'
import { TUNING } from './tuning.js'

const DEPTH_MIN = 0.06
const DEPTH_MAX = 0.3
const HOLD_MICROS_MAX = 600_000
export interface Drain {
  /** Share of what the path carries that is not sent. */
  readonly depth: number
  readonly holdMicros: Micros
}

export function drainOf({ queueMicros }: Verdict): Drain {
  const depth = Math.min(DEPTH_MAX, Math.max(DEPTH_MIN, queueMicros / 300_000))
  const least = 1.2 * TUNING.roundMicros
  return { depth, holdMicros: Math.min(HOLD_MICROS_MAX, Math.max(least, queueMicros / depth)) }
}
