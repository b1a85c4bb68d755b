// Two ways to stop: the first signal asks the engine to stop, which keeps the journal and says
// goodbye to its peers; the second one does not wait for that.

import { Mcp2pError } from '../../core/base/errors.js'
import type { World } from './world.js'

/** 128 + number of the signal, as shells have it. */
const SECOND_EXIT = { SIGINT: 130, SIGTERM: 143 } as const

export interface Interrupts {
  /** Aborts at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal
  /** Stops listening. */
  dispose(): void
}

/** `onFirst` runs after the abort, `onSecond` right before the process ends. */
export function listenForInterrupts(
  world: World,
  onFirst: () => void,
  onSecond: () => void,
): Interrupts {
  const controller = new AbortController()
  const stops = (['SIGINT', 'SIGTERM'] as const).map(name =>
    world.onSignal(name, () => {
      if (controller.signal.aborted) {
        onSecond()
        world.exit(SECOND_EXIT[name])
        return
      }
      controller.abort(
        new Mcp2pError('INTERRUPTED', 'interrupted', `stopped by ${name}`, 'Run it again.'),
      )
      onFirst()
    }),
  )
  return {
    signal: controller.signal,
    dispose: () => {
      for (const stop of stops) stop()
    },
  }
}
