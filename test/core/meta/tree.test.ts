import { describe, expect, it } from 'vitest'
import { bytesOfHex, hexOf } from '../../../src/core/base/bytes.js'
import { leavesOf } from '../../../src/core/base/merkle.js'
import type { MetaFile, P2pMeta } from '../../../src/core/meta/p2pmeta.js'
import { MetaTree } from '../../../src/core/meta/tree.js'
import { sha256 } from '../../../src/io/disk/hasher.js'
import { contentOf, torrents, type VectorTorrent } from '../../vectors/torrents.js'

function metaOf({ name, chunkBytes, files }: VectorTorrent): P2pMeta {
  const described = files.map(
    ({ path, size, root, chunks }): MetaFile => ({
      path,
      size,
      mode: 0o644,
      mtime: 0,
      ...(root !== undefined && { root: bytesOfHex(root) }),
      ...(chunks !== undefined && { chunks: bytesOfHex(chunks) }),
    }),
  )
  const head = { version: 1, hash: 'sha256', id: '', managers: [] } as const
  return { ...head, name, chunkSize: chunkBytes, files: described }
}

describe.each(torrents)('the tree of $name', torrent => {
  const meta = metaOf(torrent)
  const tree = new MetaTree(meta, sha256)

  it('takes the layer of every chunk, and no other', () => {
    let chunk = 0
    for (const file of torrent.files) {
      const content = contentOf(file)
      for (let at = 0; at < file.size; at += torrent.chunkBytes) {
        const leaves = leavesOf(content.subarray(at, at + torrent.chunkBytes), sha256)
        expect(tree.layerBytes(chunk)).toBe(leaves.length)
        expect(tree.layerMatches(chunk, leaves), `${file.path} at ${at}`).toBe(true)
        expect(tree.rootOfChunk(chunk).length).toBe(32)
        expect(tree.layerMatches(chunk, leaves.subarray(32))).toBe(false)
        expect(tree.layerMatches(chunk, new Uint8Array(leaves.length + 32))).toBe(false)
        leaves[leaves.length - 1] ^= 1
        expect(tree.layerMatches(chunk, leaves)).toBe(false)
        chunk++
      }
    }
    expect(chunk).toBe(tree.geometry.chunkCount)
  })

  it('refuses chunk roots that are not those of the file', () => {
    for (const [index, file] of meta.files.entries()) {
      if (file.chunks === undefined) continue
      const chunks = file.chunks.slice()
      chunks[chunks.length - 1] ^= 1
      const files = meta.files.with(index, { ...file, chunks })
      expect(() => new MetaTree({ ...meta, files }, sha256)).toThrow(
        expect.objectContaining({ code: 'META_INVALID', exit: 'integrity' }),
      )
    }
  })
})

it('counts links and directories as empty', () => {
  const [torrent] = torrents
  const whole = metaOf(torrent)
  const bare: MetaFile = { path: 'l', size: 0, mode: 0o777, mtime: 0, link: 'x' }
  const tree = new MetaTree({ ...whole, files: [bare, ...whole.files] }, sha256)
  expect(tree.geometry.fileCount).toBe(whole.files.length + 1)
  expect(hexOf(tree.rootOfChunk(0))).toBe(torrent.files[1].root)
})
