// One receiver of eight that is paused for ten seconds delays none of the others: the last of them is
// as fast as without the pause, but for a twentieth. The better of two runs each, because a machine
// that is busy with other things delays everybody.

import { expect, it } from 'vitest'
import { Lab } from '../../lab/lab.js'
import { skipUnless } from '../../lab/skip.js'
import { blast, later } from '../lab/blast.js'
import { blasted, end, Stage } from '../stage.js'
import { mebibyte } from '../tree.js'

const sizeBytes = 80 * mebibyte
const runs = 2

/** Seconds from the start of the blast until the last of the seven others is complete. */
async function othersSeconds(pause: boolean): Promise<number> {
  const stage = await Stage.open()
  try {
    const lab = { rate: '50mbit', noOffload: true }
    const scene = await blast(stage, { receivers: 8, sizeBytes, lab })
    const { sender, receivers, file, names } = scene
    const { time } = await sender.until('progress', event => event.phase === 'blasting')
    const [paused, ...others] = receivers
    await sender.until('progress', blasted(0.15))
    if (pause) {
      paused.kill('SIGSTOP')
      await later(sender, 10_000)
      paused.kill('SIGCONT')
    }
    await end([...receivers, sender])
    await stage.expectSame(file, ...names)
    const last = Math.max(...others.map(each => Number(each.last('complete')?.time)))
    return (last - time) / 1000
  } finally {
    await stage.close()
  }
}

skipUnless(Lab.available())('one of eight', { timeout: 10 * 60_000 }, () => {
  it('that is paused for 10 s costs the others less than 5 %', async () => {
    const seconds: Record<'with' | 'without', number[]> = { with: [], without: [] }
    for (let run = 0; run < runs; run++) {
      seconds.without.push(await othersSeconds(false))
      seconds.with.push(await othersSeconds(true))
    }
    process.stderr.write(`seconds of the others: ${JSON.stringify(seconds)}\n`)
    // The pause lies within the blast.
    expect(Math.min(...seconds.with)).toBeGreaterThan(12)
    expect(Math.min(...seconds.with)).toBeLessThan(1.05 * Math.min(...seconds.without))
  })
})
