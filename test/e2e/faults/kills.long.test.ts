// Fifty times kill -9 of receivers at random moments of a transfer, four side by side. The seed is
// printed; MCP2P_SEED replays one.

import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { describe } from 'vitest'
import { Prng } from '../../../src/core/base/prng.js'
import { end, listening, play } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'
import { Victim } from './kill.js'

const kills = 50
const sizeBytes = 24 * mebibyte
const names = ['a', 'b', 'c', 'd']
/** Kills of one receiver in one transfer. */
const most = 4

describe('kill -9 of receivers', { timeout: 20 * 60_000 }, () => {
  const seed = Number(process.env.MCP2P_SEED ?? randomInt(2 ** 31))
  process.stderr.write(`MCP2P_SEED=${seed}\n`)
  const prng = new Prng(seed)
  const rounds: number[][][] = []
  for (let left = kills; left > 0; ) {
    const round = names.map(() => {
      const count = Math.min(left, 1 + prng.below(most))
      left -= count
      return Array.from({ length: count }, () => 0.99 * prng.unit()).sort((a, b) => a - b)
    })
    rounds.push(round)
  }

  for (const [at, round] of rounds.entries()) {
    const plan = round.map(each => each.map(x => `${Math.round(100 * x)} %`).join(', '))
    play(`round ${at + 1}: at ${plan.filter(text => text).join('; ')}`, async ({ stage }) => {
      const file = await randomFile(join(stage.folder, 'x.bin'), sizeBytes)
      const meta = await stage.meta(file)
      const start = (name: string) => new Victim(sizeBytes, 16e6, () => stage.recv(name, [meta]))
      const victims = names.map(start)
      await Promise.all(victims.map(victim => listening(victim.process)))
      const sender = stage.send([meta, '--wait-receivers', '4', '--rate', '16Mbit'])
      const ends = victims.map(async (victim, i) => {
        for (const fraction of round[i]) await victim.killAt(fraction)
        await victim.finish()
      })
      await Promise.all(ends)
      await end([sender])
      await stage.expectSame(file, ...names)
    })
  }
})
