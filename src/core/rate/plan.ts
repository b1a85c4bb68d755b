// What the adaptive rate does next: a phase (the header of `quantile.ts` says what each is for) and
// its rate.

import type { Micros } from '../base/machine.js'

export type Phase = 'startup' | 'drain' | 'steady' | 'probe' | 'test' | 'dark'

export interface Plan {
  readonly phase: Phase
  readonly rateBps: number
  /** How long at least, or exactly where a phase ends by itself. */
  readonly holdMicros?: Micros
  /** A better word than the phase's name. */
  readonly why?: string
}
