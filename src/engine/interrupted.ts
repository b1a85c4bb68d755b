// The end that the user chose: what was done stays, and the same command goes on from there.

import { Mcp2pError } from '../core/base/errors.js'

export function interrupted(): Mcp2pError {
  const hint = 'run the same command again to resume'
  return new Mcp2pError('INTERRUPTED', 'interrupted', 'interrupted', hint)
}

/** @throws Mcp2pError INTERRUPTED when the signal is aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw interrupted()
}
