// When a receiver says that the swarm cannot finish by itself, and what.

import { expect, it } from 'vitest'
import { Bitmap } from '../../../src/core/base/bitmap.js'
import type { Geometry } from '../../../src/core/meta/geometry.js'
import { Orphans } from '../../../src/core/session/orphans.js'
import { Link } from '../../../src/core/swarm/link.js'

const second = 1_000_000
const size = 20
/** Two files of ten blocks. */
const geometry = {
  fileOfBlock: (block: number) => Math.floor(block / 10),
  bytesOfBlock: () => 16_384,
} as unknown as Geometry

function setup() {
  const verified = new Bitmap(size)
  verified.addRange(0, 8)
  const peer = new Link(1, '10.0.0.2', true, 0)
  peer.held = new Bitmap(size)
  peer.held.addRange(5, 4)
  const orphans = new Orphans(geometry, verified)
  const said = (links: Link[], expected: boolean, from: number, to: number) => {
    const all = []
    for (let at = from; at <= to; at += second / 4) {
      const lack = orphans.look(links, expected, at)
      if (lack) all.push({ at, ...lack })
    }
    return all
  }
  return { peer, verified, said }
}

it('says once what nobody has, when the sender has been gone for a while', () => {
  const { peer, said } = setup()
  const lack = { blocks: 11, bytes: 11 * 16_384, files: 2, firstFile: 0 }
  expect(said([peer], true, 0, 10 * second)).toEqual([])
  expect(said([peer], false, 10 * second, 40 * second)).toEqual([{ at: 13 * second, ...lack }])
})

it('says nothing to one who is alone from the start, nor while somebody has everything', () => {
  const { peer, said } = setup()
  expect(said([], false, 0, 10 * second)).toEqual([])
  peer.complete = true
  expect(said([peer], false, 10 * second, 20 * second)).toEqual([])
})

it('says so again when more is lost, or when a sender came and went', () => {
  const { peer, verified, said } = setup()
  expect(said([peer], false, 0, 10 * second).map(({ blocks }) => blocks)).toEqual([11])
  expect(said([], false, 11 * second, 30 * second).map(({ blocks }) => blocks)).toEqual([12])
  expect(said([peer], true, 31 * second, 32 * second)).toEqual([])
  verified.addRange(8, 2)
  const now = said([peer], false, 33 * second, 50 * second)
  expect(now.map(({ blocks, files, firstFile }) => [blocks, files, firstFile])).toEqual([
    [10, 1, 1],
  ])
})
