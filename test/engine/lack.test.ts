// What people at a receiver read when nobody who is there has what is missing.

import { expect, it } from 'vitest'
import type { P2pMeta } from '../../src/core/meta/p2pmeta.js'
import { lackNotice } from '../../src/engine/lack.js'

const files = [
  { path: 'a.bin', size: 3 << 20 },
  { path: 'b.bin', size: 1 << 20 },
]
const meta = { files } as unknown as P2pMeta

it('warns of what got lost with the sender', () => {
  const lack = { blocks: 64, bytes: 1 << 20, files: 1, firstFile: 1 }
  expect(lackNotice(lack, meta)).toMatchObject({
    level: 'warning',
    message: '1.0 MiB of b.bin are missing and nobody here has them; what came is kept',
  })
})

it('does not warn of a sender that has not begun', () => {
  const lack = { blocks: 256, bytes: 4 << 20, files: 2, firstFile: 0 }
  expect(lackNotice(lack, meta)).toMatchObject({
    level: 'info',
    message: 'nobody here has anything of a.bin and 1 other file yet',
    hint: 'start the sender: this one waits for it',
  })
})
