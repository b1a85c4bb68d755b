// What a machine cannot run is skipped loudly: a line when it happens, here, and the count at the
// end, in skip-reporter.ts. A suite that silently shrinks proves less every year.

import { describe } from 'vitest'

/**
 * `describe`, or its skipping twin when `reason` says why this machine cannot run the suite:
 * `skipUnless(Lab.available())('a blocked group', () => …)`.
 */
export function skipUnless(reason: string | undefined): typeof describe | typeof describe.skip {
  if (reason === undefined) return describe
  process.stderr.write(`SKIPPED: ${reason}\n`)
  return describe.skip
}
