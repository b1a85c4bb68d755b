// The environment of a process whose wall clock can be made to jump, see clock.cjs.

import { join } from 'node:path'
import { repositoryRoot } from '../../lab/root.js'

/** SIGUSR2 moves its clock a day ahead of the real one, the next one a day behind it. */
export const jumpingClock = {
  NODE_OPTIONS: `--require ${join(repositoryRoot, 'test/e2e/faults/clock.cjs')}`,
}
