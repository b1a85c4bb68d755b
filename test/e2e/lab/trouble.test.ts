// Receivers in trouble on a LAN of namespaces: one comes late, one hears nothing for a while, one
// loses its cable. They complete, and so do the others.

import { expect } from 'vitest'
import type { ReceiveResult, SendResult } from '../../../src/engine/api.js'
import { Lab } from '../../lab/lab.js'
import { skipUnless } from '../../lab/skip.js'
import { blasted, end, patience, play, resultOf } from '../stage.js'
import { mebibyte } from '../tree.js'
import { blast, later } from './blast.js'

const sizeBytes = 20 * mebibyte

const slow = { sizeBytes, rate: '40Mbit', lab: { hosts: 4 } }

skipUnless(Lab.available())('a receiver in trouble', patience, () => {
  play('that comes at half of the blast completes, as the others do', async ({ stage }) => {
    // Half of it takes longer than a process needs to come up on a busy machine.
    const slower = { ...slow, rate: '16Mbit', receivers: 2 }
    const { file, receive, receivers, sender } = await blast(stage, slower)
    await sender.until('progress', blasted(0.5))
    const late = receive(3)
    await end([...receivers, late, sender])
    await stage.expectSame(file, '1', '2', '3')
    const { multicastBytes, peerBytes } = resultOf<ReceiveResult>(late)
    expect(multicastBytes).toBeGreaterThan(0)
    expect(peerBytes).toBeGreaterThan(0)
    for (const each of receivers)
      expect(resultOf<ReceiveResult>(each).multicastBytes).toBeGreaterThan(0.9 * sizeBytes)
  })

  play('that hears nothing at all for 2 s completes, as the others do', async ({ stage }) => {
    const { lab, file, receivers, sender } = await blast(stage, { ...slow, receivers: 3 })
    await sender.until('progress', blasted(0.2))
    await lab.loss(100, 3)
    await later(sender, 2000)
    await lab.loss(0, 3)
    await end([...receivers, sender])
    await stage.expectSame(file, '1', '2', '3')
    const [one, two, deaf] = receivers.map(each => resultOf<ReceiveResult>(each))
    expect(one.multicastBytes).toBeGreaterThan(0.9 * sizeBytes)
    expect(two.multicastBytes).toBeGreaterThan(0.9 * sizeBytes)
    expect(deaf.multicastBytes + deaf.peerBytes + deaf.seederBytes).toBe(sizeBytes)
    expect(resultOf<SendResult>(sender).receivers.map(row => row.state)).toEqual(
      Array(3).fill('complete'),
    )
  })

  play('whose cable is out for 3 s goes on when it is back', async ({ stage }) => {
    const { lab, file, receivers, sender } = await blast(stage, { ...slow, receivers: 3 })
    await sender.until('progress', blasted(0.2))
    await lab.cut(3)
    await later(sender, 3000)
    await lab.plug(3)
    await end([...receivers, sender])
    await stage.expectSame(file, '1', '2', '3')
    expect(resultOf<ReceiveResult>(receivers[2]).multicastBytes).toBeGreaterThan(0)
  })
})
