// Work is divided so that each block crosses the sender's line once: slices cover everything and
// overlap nowhere, what a fellow has begun or has is left alone, and nothing is left for ever.

import { describe, expect, it } from 'vitest'
import { Bitmap } from '../../../src/core/base/bitmap.js'
import { LIMITS } from '../../../src/core/base/limits.js'
import { RangeSet } from '../../../src/core/base/ranges.js'
import { Geometry } from '../../../src/core/meta/geometry.js'
import { Division, RUN_BLOCKS } from '../../../src/core/swarm/division.js'
import { Link } from '../../../src/core/swarm/link.js'
import type { Hello } from '../../../src/core/wire/message.js'

const block = 16_384
const geometry = new Geometry([512 * block + 1, 5 * block], 64 * block)
const nodeOf = (peer: number): string => (peer * 0x1234_5678).toString(16).padStart(16, '0')

function link(peer: number, role: Hello['role'], complete = role === 'seeder'): Link {
  const it = new Link(peer, `10.0.0.${peer}`, false, 0)
  const who = { id: 'a'.repeat(64), node: nodeOf(peer), port: 1, role, complete } as const
  it.hello = { type: 'hello', ...who, version: 1, features: [] }
  it.complete = complete
  it.held = new Bitmap(geometry.blockCount)
  return it
}

const seeder = link(99, 'seeder')
const all = RangeSet.from([{ first: 0, count: geometry.blockCount }])

/** It is for us to ask the sender for the block, these being here. */
function isFresh(division: Division, at: number, inside: readonly Link[], now: number): boolean {
  return division.isFresh(at, division.nearerThan(seeder, inside, now), now)
}

describe('division', () => {
  it('gives every block to exactly one of those who know each other', () => {
    const peers = [1, 2, 3, 4, 5].map(peer => link(peer, 'receiver'))
    const owners = new Array<number>(geometry.blockCount).fill(0)
    for (const own of peers) {
      const others = [...peers.filter(peer => peer !== own), seeder]
      const division = new Division(geometry, own.node)
      const { from, to } = division.slice(division.fellows(others))
      for (let i = from; i < Math.min(to, geometry.blockCount); i++) owners[i]++
    }
    expect(new Set(owners)).toEqual(new Set([1]))
  })

  it('leaves alone what a fellow has begun, until that one leaves or takes too long', () => {
    const division = new Division(geometry, nodeOf(1))
    const fellow = link(2, 'receiver')
    expect(isFresh(division, 70, [fellow], 0)).toBe(true)
    division.begun(2, [64], 0)
    expect(isFresh(division, 70, [fellow], 1)).toBe(false)
    expect(isFresh(division, 64 + RUN_BLOCKS, [fellow], 1)).toBe(true)
    expect(isFresh(division, 70, [fellow], LIMITS.begunMicros)).toBe(true)
    division.begun(2, [64], 0)
    division.left(2)
    expect(isFresh(division, 70, [], 1)).toBe(true)
  })

  it('takes nothing of its slice that a peer here holds, complete or not', () => {
    const division = new Division(geometry, nodeOf(9))
    const fellow = link(2, 'receiver')
    const links = [seeder, fellow]
    const first = division.mine(all, seeder, links, 0)
    expect(first).toBeGreaterThanOrEqual(division.slice([fellow]).from)
    fellow.held?.addRange(0, geometry.blockCount)
    expect(division.mine(all, seeder, links, 0)).toBe(-1)
    expect(division.mine(all, seeder, [seeder, link(3, 'receiver', true)], 0)).toBe(-1)
  })

  it('believes of what one peer begins only the latest, and of who owes for long nothing', () => {
    const division = new Division(new Geometry([4096 * block], 64 * block), nodeOf(1))
    const runs = Array.from({ length: 100 }, (_, run) => run * RUN_BLOCKS)
    division.begun(2, runs, 0)
    division.begun(3, [4000], 0)
    const begun = runs.filter(first => division.begunBy(first, 1))
    expect(begun.length).toBeLessThan(64)
    expect(begun).toEqual(runs.slice(-begun.length))
    expect(division.begunBy(4000, 1)?.peer).toBe(3)

    const fellow = link(4, 'receiver')
    fellow.held?.addRange(0, geometry.blockCount)
    expect(isFresh(division, 0, [fellow], 0)).toBe(false)
    fellow.ask({ block: 16, offsetBytes: 0, lengthBytes: block }, 0)
    expect(isFresh(division, 0, [fellow], 400_000)).toBe(false)
    expect(isFresh(division, 0, [fellow], 600_000)).toBe(true)
    fellow.answer({ block: 16, offsetBytes: 0, lengthBytes: block }, 700_000)
    fellow.delivered(block, 700_000)
    fellow.ask({ block: 17, offsetBytes: 0, lengthBytes: block }, 700_000)
    expect(isFresh(division, 0, [fellow], 5e6)).toBe(false)
  })

  it('knows runs that are impossible or too many, and keeps its memory bounded', () => {
    const division = new Division(geometry, nodeOf(1))
    division.begun(2, [geometry.blockCount, 2 ** 32 - 1], 0)
    expect(isFresh(division, geometry.blockCount - 1, [], 1)).toBe(true)
    const large = new Division(
      new Geometry([(LIMITS.begunRunsMax + 2) * RUN_BLOCKS * block], 64 * block),
      nodeOf(1),
    )
    for (let run = 0; run < LIMITS.begunRunsMax + 2; run++) large.begun(run, [run * RUN_BLOCKS], 0)
    expect(isFresh(large, 0, [], 1)).toBe(true)
    expect(isFresh(large, 2 * RUN_BLOCKS, [], 1)).toBe(false)
    expect(isFresh(large, (LIMITS.begunRunsMax + 1) * RUN_BLOCKS, [], 1)).toBe(false)
  })
})
