// What a relay takes upon itself, and what it lets its mates know of that.

import { describe, expect, it } from 'vitest'
import { Bitmap } from '../../../src/core/base/bitmap.js'
import type { Micros } from '../../../src/core/base/machine.js'
import { RangeSet } from '../../../src/core/base/ranges.js'
import { Geometry } from '../../../src/core/meta/geometry.js'
import { Duty } from '../../../src/core/session/duty.js'
import { sharingOf } from '../../../src/core/session/sharing.js'
import { Division } from '../../../src/core/swarm/division.js'
import { Link } from '../../../src/core/swarm/link.js'

const BLOCK = 16_384
const CHUNK_BLOCKS = 16
const geometry = new Geometry([256 * BLOCK], CHUNK_BLOCKS * BLOCK)
const OWN = '02'.repeat(8)
const MATE = '01'.repeat(8)
const second = 1e6

/** A relay beside a mate that relays too; one outside has everything. */
class Scene {
  readonly verified = new Bitmap(geometry.blockCount)
  readonly outer = new RangeSet()
  readonly division = new Division(geometry, OWN)
  readonly duty: Duty
  readonly #mate = new Link(1, '10.1.0.1', true, 0)
  readonly #source = new Link(2, '10.9.0.9', true, 0)

  constructor() {
    const isFree = (block: number): boolean => !this.verified.has(block)
    this.duty = new Duty(geometry, this.verified, this.division, OWN, this.outer, isFree)
    const hello = { type: 'hello', version: 1, id: 'a'.repeat(64), node: MATE, port: 9990 } as const
    this.#mate.hello = { ...hello, role: 'receiver', complete: false, features: [] }
    this.#source.complete = true
  }

  take(now: Micros) {
    const inside = [this.#mate]
    const sharing = sharingOf(new Set(), [])
    const scene = {
      inside,
      sources: [this.#source],
      fellows: [],
      sharing,
      relays: [MATE, OWN],
      now,
    }
    return this.duty.take(scene, 2 * CHUNK_BLOCKS)
  }

  comes(chunk: number, blocks: number): void {
    const first = geometry.firstBlockOfChunk(chunk)
    this.verified.addRange(first, blocks)
    this.outer.delete(first, blocks)
  }

  mateBegins(chunk: number, now: Micros): void {
    this.division.begun(1, [geometry.firstBlockOfChunk(chunk)], now)
  }
}

const firstOf = (chunk: number): number => geometry.firstBlockOfChunk(chunk)

describe('the duty of a relay', () => {
  it('is every second chunk of two, and the others hear of it', () => {
    const scene = new Scene()
    expect(scene.take(0)).toEqual({ told: [firstOf(1), firstOf(3)], left: [], stuck: [] })
    expect(scene.outer.total).toBe(2 * CHUNK_BLOCKS)
  })

  it('is told of again while it gets on, and what is here of it once when it does not', () => {
    const scene = new Scene()
    scene.take(0)
    scene.comes(1, 3)
    expect(scene.take(1.1 * second)).toMatchObject({ told: [firstOf(1), firstOf(5)], stuck: [] })
    expect(scene.take(2.5 * second).stuck).toEqual([firstOf(3)])
    expect(scene.take(3.2 * second).stuck).toEqual([firstOf(1), firstOf(5)])
    expect(scene.take(5 * second).stuck).toEqual([])
  })

  it('is left to the first by name where two have begun the same at once', () => {
    const scene = new Scene()
    scene.take(0)
    scene.mateBegins(1, 0.1 * second)
    expect(scene.take(0.2 * second).left).toEqual([firstOf(1)])
    expect(scene.duty.has(1)).toBe(false)
    expect(scene.duty.has(3)).toBe(true)
  })

  it('is what the others have left when all of its own is done, but not in the moment it is to be had', () => {
    const scene = new Scene()
    scene.take(0)
    for (let chunk = 1; chunk < 16; chunk += 2) scene.comes(chunk, CHUNK_BLOCKS)
    for (let chunk = 1; chunk < 16; chunk += 2) scene.duty.drop(chunk)
    expect(scene.take(0.1 * second).told).toEqual([])
    expect(scene.take(0.2 * second).told).toEqual([])
    // The mate, whose turn they are, has begun one by now.
    scene.mateBegins(0, 0.25 * second)
    expect(scene.take(0.3 * second).told).toEqual([])
    expect(scene.take(0.36 * second).told).toEqual([firstOf(2), firstOf(4)])
  })
})
