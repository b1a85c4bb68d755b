// A receiver killed outright early, in the middle and at the very end, and run again: it goes on
// where it was, but for the last seconds, and all bytes are right.

import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { end, listening, patience, play } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'
import { Victim } from './kill.js'

const sizeBytes = 24 * mebibyte
const fractions = [0.1, 0.5, 0.9, 0.99]

describe('kill -9 of a receiver', patience, () => {
  play('at 10, 50, 90 and 99 % costs five seconds at most', async ({ stage }) => {
    const file = await randomFile(join(stage.folder, 'x.bin'), sizeBytes)
    const meta = await stage.meta(file)
    const names = fractions.map(fraction => `at-${fraction}`)
    const victims = names.map(name => new Victim(sizeBytes, 16e6, () => stage.recv(name, [meta])))
    await Promise.all(victims.map(victim => listening(victim.process)))
    const sender = stage.send([meta, '--wait-receivers', '4', '--rate', '16Mbit'])
    await Promise.all(victims.map((victim, i) => victim.killAt(fractions[i])))
    const resumed = await Promise.all(victims.map(victim => victim.finish()))
    await end([sender])
    await stage.expectSame(file, ...names)
    // The last two were killed more than five seconds after their start: the bound means something.
    for (const bytes of resumed.slice(2)) expect(bytes).toBeGreaterThan(0.4 * sizeBytes)
  })
})
