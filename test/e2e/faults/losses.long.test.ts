// The same loss on every line, from little to a lot, with the congestion control that takes it best
// and the one that takes it worst.

import { Lab } from '../../lab/lab.js'
import { skipUnless } from '../../lab/skip.js'
import { play } from '../stage.js'
import { carry } from './line.js'

skipUnless(Lab.available())('three lines that lose', { timeout: 5 * 60_000 }, () => {
  for (const congestion of ['bbr', 'cubic'] as const)
    for (const percent of [0.1, 1, 5, 20, 30])
      play(`${percent} %, ${congestion}`, ({ stage }) => {
        const receivers = Array.from({ length: 3 }, () => ['loss', percent] as const)
        const name = `${percent} %`
        return carry(stage, { name, receivers, congestion, mebibytes: percent < 20 ? 16 : 8 })
      })
})
