// Another program changes what a receiver writes, while it writes: one line, exit 8, never a file that
// is wrong; and the same command, run again, ends with every byte.

import { mkdirSync, readdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { end, holds, listening, patience, play } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'

const sizeBytes = 8 * mebibyte

/** With the destination goes the name that it had in the swarm: the sender waits for it in vain. */
const meddling: readonly [string, (out: string, part: string) => void, senderExit?: number][] = [
  ['cut its part', (_, part) => truncateSync(part, 5)],
  ['took its part away', (_, part) => rmSync(part)],
  [
    'put another in its place',
    (out, part) => {
      writeFileSync(join(out, 'new'), new Uint8Array(sizeBytes))
      renameSync(join(out, 'new'), part)
    },
  ],
  ['removed the destination', out => rmSync(out, { recursive: true }), 6],
  [
    'removed and made the destination',
    out => {
      rmSync(out, { recursive: true })
      mkdirSync(out)
    },
    6,
  ],
]

describe('a receiver of which somebody', patience, () => {
  for (const [what, meddle, senderExit] of meddling)
    play(`${what} says so, and ends right when it is run again`, async ({ stage }) => {
      const file = await randomFile(join(stage.folder, 'x.bin'), sizeBytes)
      const meta = await stage.meta(file)
      const receiver = stage.recv('a', [meta])
      await listening(receiver)
      const sender = stage.send([
        meta,
        '--wait-receivers',
        '1',
        '--rate',
        '40Mbit',
        '--linger',
        '3s',
      ])
      await receiver.until('progress', holds(sizeBytes / 3))
      const out = stage.out('a')
      const folder = readdirSync(out).find(name => name.startsWith('.mcp2p-'))!
      meddle(out, join(out, folder, '0.part'))
      await end([receiver], 8)
      const lines = receiver.stderr.split('\n').filter(line => !/^(warning|note):/.test(line))
      expect(lines).toEqual([
        expect.stringMatching(/^error: .+/),
        expect.stringMatching(/^ hint: .*the same command/),
      ])
      await Promise.all([end([stage.recv('a', [meta])]), end([sender], senderExit)])
      await stage.expectSame(file, 'a')
    })
})
