// The vectors of torrents.json and the content that belongs to them, see torrents.py.

import { readFileSync } from 'node:fs'

export interface VectorFile {
  readonly path: string
  readonly seed: number
  readonly size: number
  /** Hex; absent at size 0. */
  readonly root?: string
  /** Hex of the concatenated chunk roots; absent for one chunk or less. */
  readonly chunks?: string
}

export interface VectorTorrent {
  readonly name: string
  readonly chunkBytes: number
  readonly files: readonly VectorFile[]
}

const here = import.meta.url
// Compiled, this file lies in dist/test/vectors, and the vectors stay where they are.
const source = here.includes('/dist/test/') ? here.replace('/dist/test/', '/test/') : here

export const torrents: readonly VectorTorrent[] = JSON.parse(
  readFileSync(new URL('./torrents.json', source), 'utf8'),
).torrents

/** xorshift32 with shifts 13, 17, 5; each state as four bytes, little endian. */
export function contentOf({ seed, size }: { seed: number; size: number }): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(size / 4) * 4)
  const view = new DataView(bytes.buffer)
  let state = seed
  for (let at = 0; at < bytes.length; at += 4) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    view.setUint32(at, state, true)
  }
  return bytes.subarray(0, size)
}
