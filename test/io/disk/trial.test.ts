// The disk's trial measures something and leaves nothing behind.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { diskSpeed } from '../../../src/io/disk/trial.js'

it('measures both ways and leaves nothing behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcp2p-trial-'))
  try {
    const { writeBps, readBps } = await diskSpeed(folder, 20)
    expect(Math.min(writeBps, readBps)).toBeGreaterThan(8e6) // slower than any disk
    expect(readdirSync(folder)).toEqual([])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

it('says what is wrong with a folder', async () => {
  const gone = diskSpeed(join(tmpdir(), 'mcp2p-not-here'), 20)
  await expect(gone).rejects.toMatchObject({ exit: 'storage' })
})
