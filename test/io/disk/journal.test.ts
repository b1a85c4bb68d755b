// The journal after every accident that a disk can have: it is right, or it is as if there were none.

import { readFileSync, renameSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeJournal,
  encodeJournal,
  JOURNAL_DRAFT,
  JOURNAL_NAME,
  readJournal,
  writeJournal,
} from '../../../src/io/disk/journal.js'
import { freshFolder } from './sample.js'

const id = 'ab'.repeat(32)
const bitmapOf = (blocks: number) =>
  fc.uint8Array({ minLength: Math.ceil(blocks / 8), maxLength: Math.ceil(blocks / 8) })
const anyJournal = fc
  .integer({ min: 0, max: 300 })
  .chain(blocks => bitmapOf(blocks).map(bitmap => ({ blocks, bitmap })))

describe('the bytes', () => {
  it('give back what they were made of', () => {
    fc.assert(
      fc.property(anyJournal, ({ blocks, bitmap }) => {
        expect(decodeJournal(encodeJournal(id, blocks, bitmap), id, blocks)).toEqual(bitmap)
      }),
    )
  })

  it('are refused when one bit is another', () => {
    fc.assert(
      fc.property(anyJournal, fc.nat(), fc.integer({ min: 0, max: 7 }), (made, at, bit) => {
        const bytes = encodeJournal(id, made.blocks, made.bitmap)
        bytes[at % bytes.length] ^= 1 << bit
        expect(decodeJournal(bytes, id, made.blocks)).toBeUndefined()
      }),
    )
  })

  it('are refused when torn anywhere', () => {
    const bytes = encodeJournal(id, 20, new Uint8Array(3).fill(255))
    for (let length = 0; length < bytes.length; length++)
      expect(decodeJournal(bytes.subarray(0, length), id, 20)).toBeUndefined()
  })

  it('are refused for another transfer or another number of blocks', () => {
    const bytes = encodeJournal(id, 20, new Uint8Array(3))
    expect(decodeJournal(bytes, 'ac'.repeat(32), 20)).toBeUndefined()
    expect(decodeJournal(bytes, id, 21)).toBeUndefined()
  })
})

describe('the file', () => {
  it('is replaced whole, and a draft that a crash left is of no account', async () => {
    const folder = freshFolder()
    expect(await readJournal(folder, id, 8)).toBeUndefined()
    await writeJournal(folder, encodeJournal(id, 8, Uint8Array.of(1)))
    const newer = encodeJournal(id, 8, Uint8Array.of(3))
    writeFileSync(join(folder, JOURNAL_DRAFT), newer.subarray(0, 30))
    expect(await readJournal(folder, id, 8)).toEqual(Uint8Array.of(1))
    await writeJournal(folder, newer)
    expect(await readJournal(folder, id, 8)).toEqual(Uint8Array.of(3))
    expect(() => statSync(join(folder, JOURNAL_DRAFT))).toThrow()
  })

  it('is as good as none when it is of zeros, empty or gone', async () => {
    const folder = freshFolder()
    const path = join(folder, JOURNAL_NAME)
    const bytes = encodeJournal(id, 8, Uint8Array.of(1))
    await writeJournal(folder, bytes)
    expect(readFileSync(path)).toHaveLength(bytes.length)
    writeFileSync(path, new Uint8Array(bytes.length))
    expect(await readJournal(folder, id, 8)).toBeUndefined()
    truncateSync(path, 0)
    expect(await readJournal(folder, id, 8)).toBeUndefined()
    renameSync(path, `${path}.away`)
    expect(await readJournal(folder, id, 8)).toBeUndefined()
  })
})
