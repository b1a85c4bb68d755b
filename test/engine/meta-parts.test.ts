// A meta that comes in parts: each is read into the memory of the one before.

import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { LIMITS } from '../../src/core/base/limits.js'
import { MetaParts } from '../../src/engine/meta-parts.js'

it('keeps a part when its memory, even a Buffer, takes the next', () => {
  const document = randomBytes(2 * LIMITS.rangeBytesMax + 1000)
  const parts = new MetaParts(1e9)
  const memory = Buffer.alloc(LIMITS.rangeBytesMax)
  let state = 'more'
  for (let at = 0; state === 'more'; at += memory.length) {
    const count = document.copy(memory, 0, at)
    const bytes = memory.subarray(0, count)
    const said = { totalBytes: document.length, offsetBytes: at, bytes }
    state = parts.take({ type: 'meta', ...said })
  }
  expect(state).toBe('all')
  expect(Buffer.compare(document, parts.document)).toBe(0)
})
