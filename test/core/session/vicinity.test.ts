// Who is near: where some are and some are not, what is asked of whom follows from that; elsewhere all
// are alike.

import { describe, expect, it } from 'vitest'
import { Bitmap } from '../../../src/core/base/bitmap.js'
import { Prng } from '../../../src/core/base/prng.js'
import { Geometry } from '../../../src/core/meta/geometry.js'
import { hasOnItsWay, isSpared, roomFor } from '../../../src/core/session/line.js'
import { Vicinity } from '../../../src/core/session/vicinity.js'
import { WAY } from '../../../src/core/swarm/division.js'
import type { Link } from '../../../src/core/swarm/link.js'
import { Swarm } from '../../../src/core/swarm/swarm.js'

const BLOCK = 16_384
const geometry = new Geometry([256 * BLOCK], 16 * BLOCK)
const id = 'a'.repeat(64)
const range = { block: 0, offsetBytes: 0, lengthBytes: BLOCK }

/** A receiver at 10.1.0.1, and how it sees others. */
class Scene {
  readonly vicinity = new Vicinity()
  readonly swarm: Swarm
  #peers = 0

  constructor() {
    const verified = new Bitmap(geometry.blockCount)
    const options = { id, node: '01'.repeat(8), port: 9990, role: 'receiver', geometry } as const
    const metaBytes = new Uint8Array(1)
    const rest = { verified, metaBytes, prng: new Prng(1), connectionsWanted: 20 }
    this.swarm = new Swarm({ ...options, ...rest })
    this.swarm.division.wayTo = link => this.vicinity.wayTo(link)
    this.swarm.division.isTurn = chunk => this.vicinity.isTurn(chunk)
  }

  comes(host: string, role: 'receiver' | 'seeder', now = 0): Link {
    const peer = ++this.#peers
    const at = { peer, host, localHost: '10.1.0.1', port: 9990, outbound: true }
    this.swarm.handle({ type: 'connected', ...at }, now)
    const node = peer.toString(16).padStart(16, '0')
    const complete = role === 'seeder'
    const hello = { type: 'hello', id, node, port: 9990, role, complete } as const
    const message = { ...hello, version: 1, features: [] } as const
    this.swarm.handle({ type: 'message', peer, message }, now)
    return this.swarm.links().find(link => link.peer === peer)!
  }

  ways(isAlone = true, now = 0): number[] {
    this.vicinity.look(this.swarm, isAlone, now)
    return this.swarm.links().map(link => this.vicinity.wayTo(link))
  }
}

describe('the vicinity', () => {
  it('is everybody where all are near, where nobody is, and beside a blast', () => {
    const near = new Scene()
    near.comes('10.1.0.9', 'seeder')
    near.comes('10.1.0.2', 'receiver')
    expect(near.ways()).toEqual([WAY.sender, WAY.inside])
    const far = new Scene()
    far.comes('10.9.0.9', 'seeder')
    far.comes('10.2.0.2', 'receiver')
    expect(far.ways()).toEqual([WAY.sender, WAY.inside])
    far.comes('10.1.0.2', 'receiver')
    expect(far.ways(false)).toEqual([WAY.sender, WAY.inside, WAY.inside])
  })

  it('is our subnet, once somebody of it is there or known; others are behind one line', () => {
    const scene = new Scene()
    scene.comes('10.9.0.9', 'seeder')
    scene.comes('10.9.0.8', 'receiver')
    scene.comes('10.2.0.2', 'receiver')
    expect(scene.ways()).toEqual([WAY.sender, WAY.inside, WAY.inside])
    scene.swarm.book.add({ host: '10.1.0.2', port: 9990 }, false)
    expect(scene.ways(true, 1e6)).toEqual([WAY.farSender, WAY.source, WAY.outside])
    expect(scene.vicinity.lacksMates).toBe(true)
    scene.comes('10.1.0.2', 'receiver', 1e6)
    expect(scene.ways(true, 1e6)).toEqual([WAY.farSender, WAY.source, WAY.outside, WAY.inside])
    expect(scene.vicinity.lacksMates).toBe(false)
  })

  it('gives each chunk to one of the sites that are away from the sender', () => {
    const [here, there] = [new Scene(), new Scene()]
    for (const scene of [here, there]) {
      scene.comes('10.9.0.9', 'seeder')
      scene.comes(scene === here ? '10.2.0.2' : '10.1.0.2', 'receiver')
    }
    here.comes('10.1.0.2', 'receiver')
    const chunks = Array.from({ length: geometry.chunkCount }, (_, chunk) => chunk)
    here.ways()
    const ours = chunks.filter(chunk => here.vicinity.isTurn(chunk))
    expect(ours.length).toBeGreaterThan(0)
    expect(ours.length).toBeLessThan(chunks.length)
    // Whoever has the sender in its own subnet waits for nobody.
    there.comes('10.1.0.9', 'seeder')
    there.ways()
    expect(chunks.every(chunk => there.vicinity.isTurn(chunk))).toBe(true)
  })
})

describe('the line that all of a site share', () => {
  it('is not filled by one of them, and a sender at its end is asked last', () => {
    const scene = new Scene()
    const sender = scene.comes('10.9.0.9', 'seeder')
    const beside = scene.comes('10.9.0.8', 'receiver')
    const mate = scene.comes('10.1.0.2', 'receiver')
    const links = scene.swarm.links()
    const { division } = scene.swarm
    scene.ways()
    expect(roomFor(division, mate, links)).toBe(Number.POSITIVE_INFINITY)
    const room = roomFor(division, sender, links)
    expect(hasOnItsWay(division, links)).toBe(false)
    sender.ask(range, 0)
    expect(hasOnItsWay(division, links)).toBe(true)
    expect(roomFor(division, beside, links)).toBe(room - BLOCK)

    expect(isSpared(division, sender, links, 0)).toBe(false)
    beside.held = new Bitmap(geometry.blockCount)
    beside.held.addRange(0, 4)
    expect(isSpared(division, sender, links, 0)).toBe(true)
    beside.rateBps = 1e6
    sender.rateBps = 2e6
    expect(isSpared(division, sender, links, 0)).toBe(false)
  })

  it('brings what is ours, and what others leave for too long', () => {
    const scene = new Scene()
    const sender = scene.comes('10.9.0.9', 'seeder')
    scene.comes('10.1.0.2', 'receiver')
    scene.ways()
    const { division } = scene.swarm
    const block = 0
    division.begun(2, [block], 0)
    expect(division.isFresh(block, [], 4e6)).toBe(false)
    expect(division.isFresh(block, [], 4e6, 3e6)).toBe(true)
    const links = scene.swarm.links()
    const { from, to } = division.slice(division.fellows(links))
    const all = Array.from({ length: geometry.blockCount }, (_, each) => each)
    const ours = all.filter(each => division.isOurs(each, sender, links))
    expect(ours).toEqual(all.slice(from, to))
    expect(ours.length).toBeLessThan(all.length)
  })
})
