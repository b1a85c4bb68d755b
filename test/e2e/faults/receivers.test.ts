// Receivers to which something happens in the middle of a blast, each to another one: paused,
// unplugged, given another address, its clock set. All complete, and nobody else notices.

import { expect } from 'vitest'
import type { ReceiveResult, SendResult } from '../../../src/engine/api.js'
import { Lab } from '../../lab/lab.js'
import { skipUnless } from '../../lab/skip.js'
import { blast, later } from '../lab/blast.js'
import { blasted, end, play, resultOf } from '../stage.js'
import { mebibyte } from '../tree.js'
import { jumpingClock } from './clock.js'

const sizeBytes = 40 * mebibyte

skipUnless(Lab.available())('receivers in the middle of a blast', { timeout: 120_000 }, () => {
  play('paused, unplugged, renumbered, with another time of day', async ({ stage }) => {
    // With a chosen interface the address is part of every socket.
    const env = { ...jumpingClock, MCP2P_INTERFACE: 'eth0' }
    const scene = await blast(stage, { receivers: 5, sizeBytes, rate: '24Mbit', env })
    const { lab, sender, receivers } = scene
    const [well, paused, unplugged, renumbered, timeless] = receivers
    await sender.until('progress', blasted(0.1))
    paused.kill('SIGSTOP')
    timeless.kill('SIGUSR2')
    await lab.renumber(4)
    await lab.cut(3)
    await later(sender, 5000)
    await lab.plug(3)
    timeless.kill('SIGUSR2')
    await later(sender, 5000)
    paused.kill('SIGCONT')
    await end([...receivers, sender])
    await stage.expectSame(scene.file, ...scene.names)
    const { receivers: rows } = resultOf<SendResult>(sender)
    expect(rows.map(row => row.state)).toEqual(Array(5).fill('complete'))
    expect(resultOf<ReceiveResult>(well).multicastBytes).toBeGreaterThan(0.95 * sizeBytes)
    for (const each of [unplugged, renumbered, timeless])
      expect(resultOf<ReceiveResult>(each).multicastBytes).toBeGreaterThan(0.4 * sizeBytes)
  })
})
