// A sender that is killed: what the receivers do without it, what they say, and how they go on when
// it is back.

import { join } from 'node:path'
import { expect } from 'vitest'
import type { ReceiveResult } from '../../../src/engine/api.js'
import type { CliProcess } from '../../lab/cli.js'
import { Lab } from '../../lab/lab.js'
import { skipUnless } from '../../lab/skip.js'
import { blast, later } from '../lab/blast.js'
import { blasted, end, holds, listening, notice, play, resultOf } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'

const sizeBytes = 16 * mebibyte
const slow = { receivers: 2, sizeBytes, rate: '24Mbit' }
const concurrent = { timeout: 120_000, concurrent: true }

/** Ends when it says that something is missing which nobody has; at most this much of the file. */
async function lacks(receiver: CliProcess): Promise<void> {
  const { message, hint } = await receiver.until('notice', notice('missing'))
  expect(message).toMatch(/^[\d.]+ (KiB|MiB) of x\.bin are missing and nobody here has them/)
  expect(hint).toContain('start the sender again')
}

async function killed(sender: CliProcess): Promise<void> {
  sender.kill('SIGKILL')
  await sender.exited
}

skipUnless(Lab.available())('a sender that is killed', concurrent, () => {
  play(
    'in its blast: they say what is missing, and go on with it at any port',
    async ({ stage }) => {
      const { file, receivers, sender, send, names } = await blast(stage, slow)
      await sender.until('progress', blasted(0.4))
      await killed(sender)
      await Promise.all(receivers.map(lacks))
      const again = send('--peer-port', String(stage.peerPort + 5))
      await end([...receivers, again])
      await stage.expectSame(file, ...names)
      expect((await again.until('listening')).peerPort).toBe(stage.peerPort + 5)
      for (const each of receivers) {
        const { multicastBytes, peerBytes, seederBytes } = resultOf<ReceiveResult>(each)
        expect(multicastBytes + peerBytes + seederBytes).toBe(sizeBytes)
      }
    },
  )

  play('after its pass: those who have everything together finish alone', async ({ stage }) => {
    const { lab, file, receivers, sender, names } = await blast(stage, slow)
    await sender.until('progress', blasted(0.2))
    await lab.loss(100, 1)
    await later(sender, 1000)
    await lab.loss(0, 1)
    await later(sender, 1000)
    await lab.loss(100, 2)
    // One has its hole at the end, the other may have filled its own already.
    await sender.until('progress', blasted(1))
    await killed(sender)
    await lab.loss(0, 2)
    await end(receivers)
    await stage.expectSame(file, ...names)
    for (const each of receivers) expect(each.last('notice')?.code).not.toBe('missing')
  })

  play('while it serves: the one that it served goes on when it is back', async ({ stage }) => {
    const lab = await stage.lan({ hosts: 2, rate: '20mbit' })
    const file = await randomFile(join(stage.folder, 'x.bin'), sizeBytes)
    const meta = await stage.meta(file)
    const send = () => stage.send([meta, '--no-multicast', '--wait-receivers', '1'], { host: 0 })
    const first = send()
    const { peerPort } = await first.until('listening')
    const peer = ['--no-multicast', '--peer', `${lab.addressOf(0)}:${peerPort}`]
    const receiver = stage.recv('1', [meta, ...peer], { host: 1 })
    await receiver.until('progress', holds(sizeBytes / 3))
    await killed(first)
    await lacks(receiver)
    await end([receiver, send()])
    await stage.expectSame(file, '1')
  })

  play('and waits in vain, once it is back, for one that is done', async ({ stage }) => {
    const scene = await blast(stage, { ...slow, lab: { hosts: 4 } })
    const { file, receivers, sender, send, receive } = scene
    // Early enough that one starts on a busy machine before the others are done and gone.
    await sender.until('progress', blasted(0.1))
    const late = receive(3)
    await listening(late)
    await late.until('progress', holds(mebibyte))
    late.kill('SIGINT')
    await end([late], 5)
    await end(receivers)
    await killed(sender)
    const again = send()
    const resumed = receive(3)
    await end([resumed])
    await stage.expectSame(file, '3')
    expect(resultOf<ReceiveResult>(resumed).resumedBytes).toBeGreaterThan(0)
    expect(again.running).toBe(true)
  })
})

// By itself: how long an end takes is measured.
skipUnless(Lab.available())('a sender', { timeout: 120_000 }, () => {
  play('out of reach in the last moment keeps nobody for long', async ({ stage }) => {
    const { lab, file, receivers, sender, names } = await blast(stage, slow)
    await sender.until('progress', blasted(0.6))
    await lab.loss(100, 0)
    const ends = receivers.map(async each => {
      const { time } = await each.until('complete')
      await each.exited
      return Date.now() - time
    })
    for (const millis of await Promise.all(ends)) expect(millis).toBeLessThan(10_000)
    await end(receivers)
    await stage.expectSame(file, ...names)
  })
})
