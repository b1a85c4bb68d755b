// Several senders of one meta, one after the other or at once: stopped and gone on, killed and
// started again. Receivers take what is right from whoever is there, and nothing is mixed.

import { join } from 'node:path'
import { expect } from 'vitest'
import { Lab } from '../../lab/lab.js'
import { skipUnless } from '../../lab/skip.js'
import { blasted, end, listening, patience, play, type Stage } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'

const sizeBytes = 20 * mebibyte

async function receiving(stage: Stage) {
  await stage.lan({ hosts: 3, rate: '100mbit' })
  const file = await randomFile(join(stage.folder, 'x.bin'), sizeBytes)
  const meta = await stage.meta(file)
  const receivers = [1, 2].map(host => stage.recv(String(host), [meta], { host }))
  await Promise.all(receivers.map(listening))
  const args = [meta, '--wait-receivers', '2', '--rate', '40Mbit', '--linger', '5s']
  return { file, receivers, send: () => stage.send(args, { host: 0 }) }
}

skipUnless(Lab.available())('senders of one meta', patience, () => {
  play('one that was stopped goes on beside its successor', async ({ stage }) => {
    const { file, receivers, send } = await receiving(stage)
    const stale = send()
    await stale.until('progress', blasted(0.3))
    stale.kill('SIGSTOP')
    const fresh = send()
    await fresh.until('progress', blasted(0.2))
    stale.kill('SIGCONT')
    await end([...receivers, fresh])
    await stage.expectSame(file, '1', '2')
    // It may have lost them while it was stopped; it ends by itself all the same.
    expect([0, 6]).toContain(await stale.exited)
  })

  play('one that was killed is followed by another', async ({ stage }) => {
    const { file, receivers, send } = await receiving(stage)
    const first = send()
    await first.until('progress', blasted(0.4))
    first.kill('SIGKILL')
    await first.exited
    await end([...receivers, send()])
    await stage.expectSame(file, '1', '2')
  })
})
