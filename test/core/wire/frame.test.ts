import { describe, expect, it } from 'vitest'
import { LIMITS } from '../../../src/core/base/limits.js'
import { Prng } from '../../../src/core/base/prng.js'
import { encodeFrame, FrameParser, FrameRooms } from '../../../src/core/wire/frame.js'

const LARGE = LIMITS.rangeBytesMax + 12

function filled(bytes: number, value: number): Uint8Array {
  return new Uint8Array(bytes).fill(value)
}

/** What comes of a stream in pieces of so many bytes at most; `at` sees each payload in the call. */
function parse(
  parser: FrameParser,
  stream: Uint8Array,
  most: () => number,
  at: (payload: Uint8Array) => void,
): boolean {
  for (let from = 0; from < stream.length; ) {
    const to = Math.min(stream.length, from + most())
    if (!parser.push(stream.slice(from, to), ({ payload }) => at(payload))) return false
    from = to
  }
  return true
}

describe('FrameParser', () => {
  it('gives back what was sent, however it is cut, whatever memory it is put in', () => {
    const prng = new Prng(1)
    const rooms = new FrameRooms()
    const parser = new FrameParser(rooms)
    for (let round = 0; round < 20; round++) {
      const sizes = [0, 1, 20_000, LARGE, prng.below(LARGE), LARGE, LIMITS.frameBytesMax, 7]
      const frames = sizes.map((bytes, i) => encodeFrame(1, filled(bytes, round + i)))
      const stream = Uint8Array.from(Buffer.concat(frames))
      const told: [number, boolean][] = []
      const most = (): number => 1 + prng.below(round % 2 === 0 ? 100_000 : 400_000)
      parse(parser, stream, most, payload =>
        told.push([payload.length, payload.every(byte => byte === round + told.length)]),
      )
      expect(told).toEqual(sizes.map(bytes => [bytes, true]))
      expect(parser.heldBytes).toBe(0)
    }
  })

  it('puts one large frame where the last one was, of any connection', () => {
    const rooms = new FrameRooms()
    const seen = new Set<ArrayBufferLike>()
    for (let connection = 0; connection < 3; connection++)
      for (let i = 0; i < 4; i++) {
        const frame = encodeFrame(1, filled(LARGE, i))
        parse(
          new FrameParser(rooms),
          frame,
          () => 65_536,
          ({ buffer }) => seen.add(buffer),
        )
      }
    expect(seen.size).toBe(1)
  })

  it('takes memory for what has come, as long as none is free', () => {
    const parser = new FrameParser()
    parser.push(encodeFrame(1, filled(LARGE, 0)).subarray(0, 100), () => {})
    expect(parser.heldBytes).toBeLessThanOrEqual(16 * 1024)
    expect(parser.push(filled(16 * 1024, 0), () => {})).toBe(true)
    expect(parser.heldBytes).toBeLessThanOrEqual(64 * 1024)
  })

  it('refuses what is no frame', () => {
    expect(new FrameParser().push(filled(5, 255), () => {})).toBe(false)
  })
})
