// A frame for a slow line leaves slice by slice, in its order and at its rate; one for a fast line as it is.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Trickle } from '../../../src/io/net/trickle.js'

const rateBps = 1e6
const frame = Uint8Array.from({ length: 16_384 }, (_, i) => i)

describe('a trickle', () => {
  let written: { at: number; bytes: Uint8Array; onTaken: (() => void) | undefined }[] = []
  const open = (bps: number): Trickle =>
    new Trickle(bps, (bytes, onTaken) => written.push({ at: performance.now(), bytes, onTaken }))

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    written = []
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('gives a slow line slices of whole packets at its rate, and says when the last is taken', () => {
    const taken = vi.fn()
    const trickle = open(rateBps)
    for (let i = 0; i < 10; i++) trickle.write(frame, taken)
    trickle.write(Uint8Array.of(7))
    vi.advanceTimersByTime(500)
    const bytes = written.reduce((sum, each) => sum + each.bytes.length, 0)
    expect((bytes * 8) / 0.5).toBeGreaterThan(0.97 * rateBps)
    expect((bytes * 8) / 0.5).toBeLessThan(1.05 * rateBps)
    expect(Math.max(...written.map(each => each.bytes.length))).toBe(1448)
    expect(trickle.waitingBytes).toBe(10 * frame.length + 1 - bytes)
    vi.advanceTimersByTime(2000)
    expect(trickle.waitingBytes).toBe(0)
    const all = Buffer.concat(written.map(each => each.bytes))
    expect(all.equals(Buffer.concat([...Array(10).fill(frame), Uint8Array.of(7)]))).toBe(true)
    expect(written.filter(each => each.onTaken === taken).length).toBe(10)
  })

  it('is slowed down by whoever wants less, and never sped up', () => {
    const trickle = open(Number.POSITIVE_INFINITY)
    trickle.slow(rateBps)
    trickle.slow(10 * rateBps)
    for (let i = 0; i < 10; i++) trickle.write(frame)
    vi.advanceTimersByTime(500)
    const bytes = written.reduce((sum, each) => sum + each.bytes.length, 0)
    expect((bytes * 8) / 0.5).toBeGreaterThan(0.97 * rateBps)
    expect((bytes * 8) / 0.5).toBeLessThan(1.05 * rateBps)
  })

  it('leaves what a fast line gets as it is', () => {
    const trickle = open(Number.POSITIVE_INFINITY)
    trickle.write(frame)
    expect(written.map(each => each.bytes.length)).toEqual([frame.length])
  })

  it('gives all that waits at once when it is told to, and nothing when it is stopped', () => {
    const trickle = open(rateBps)
    trickle.write(frame)
    trickle.flush()
    expect(Buffer.concat(written.map(each => each.bytes)).equals(frame)).toBe(true)
    vi.advanceTimersByTime(1000)
    expect(written.length).toBe(2)
    trickle.write(frame)
    trickle.stop()
    vi.advanceTimersByTime(1000)
    expect(trickle.waitingBytes).toBe(0)
    expect(written.length).toBe(3)
  })
})
