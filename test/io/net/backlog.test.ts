// Ten thousand connections that each hold a little must not fill the machine, and whoever reads and
// brings what he began is not the one who pays for it.

import { describe, expect, it } from 'vitest'
import { Backlog } from '../../../src/io/net/backlog.js'

const MiB = 1024 * 1024

class Held {
  movedBytes = 0
  isGone = false
  constructor(
    readonly host: string,
    public heldBytes: number,
  ) {}
  giveUp(): void {
    this.isGone = true
    this.heldBytes = 0
  }
}

function crowd(count: number, host: (i: number) => string, heldBytes: number): Held[] {
  return Array.from({ length: count }, (_, i) => new Held(host(i), heldBytes))
}

const all = (held: readonly Held[]) => held.reduce((sum, each) => sum + each.heldBytes, 0)

describe('what connections hold', () => {
  it('is bounded for all of them together, however little each holds', () => {
    const backlog = new Backlog(8 * MiB)
    const held = crowd(10_000, i => `10.0.0.${i % 250}`, 0)
    for (const each of held) backlog.enter(each, 0)
    for (const each of held) {
      each.heldBytes = 16 * 1024
      backlog.add(16 * 1024, 0)
      expect(all(held)).toBeLessThan(10.1 * MiB)
    }
  })

  it('costs those who hardly move their place, not those who hold as much and read', () => {
    const backlog = new Backlog(8 * MiB)
    const honest = crowd(10, i => `10.0.0.${i}`, MiB / 2)
    const deaf = crowd(10, i => `10.0.1.${i}`, MiB / 2)
    for (const each of [...honest, ...deaf]) backlog.enter(each, 0)
    for (const each of honest) each.movedBytes += 4 * MiB
    for (const each of deaf) each.movedBytes += 1000
    backlog.add(2 * MiB, 1000)
    expect(honest.filter(({ isGone }) => isGone)).toEqual([])
    expect(all(deaf)).toBe(3 * MiB)
  })

  it('costs first the address that holds the most, under however many names', () => {
    const backlog = new Backlog(8 * MiB)
    const honest = crowd(4, i => `10.0.0.${i}`, MiB)
    const many = crowd(100, () => '10.0.1.1', MiB / 16)
    for (const each of [...honest, ...many]) backlog.enter(each, 0)
    backlog.add(2 * MiB, 10)
    expect(honest.filter(({ isGone }) => isGone)).toEqual([])
    expect(all(many)).toBe(4 * MiB)
  })

  it('is nobody’s loss while there is room', () => {
    const backlog = new Backlog(8 * MiB)
    const held = crowd(8, () => '10.0.0.1', MiB)
    for (const each of held) backlog.enter(each, 0)
    backlog.add(4 * MiB, 5000)
    expect(held.filter(({ isGone }) => isGone)).toEqual([])
    backlog.leave(held[0])
  })
})
