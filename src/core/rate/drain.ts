// How far below the path the rate goes, and for how long, until the queue that a verdict saw is gone.

import type { Micros } from '../base/machine.js'
import type { Verdict } from './panel.js'
import { TUNING } from './tuning.js'

const DEPTH_MIN = 0.06
const DEPTH_MAX = 0.3
const HOLD_MICROS_MAX = 600_000
/** Where receivers lag far behind. */
const DEEP_MAX = 0.6
const DEEP_MICROS_MAX = 1_500_000

export interface Drain {
  /** Share of what the path carries that is not sent. */
  readonly depth: number
  readonly holdMicros: Micros
}

export function drainOf({ queueMicros, lagMicros }: Verdict): Drain {
  const deep = lagMicros > TUNING.lagDeepMicros
  const deepest = deep ? DEEP_MAX : DEPTH_MAX
  const depth = Math.min(deepest, Math.max(DEPTH_MIN, queueMicros / 300_000))
  const longest = deep ? DEEP_MICROS_MAX : HOLD_MICROS_MAX
  const least = 1.2 * TUNING.roundMicros
  return { depth, holdMicros: Math.min(longest, Math.max(least, queueMicros / depth)) }
}
