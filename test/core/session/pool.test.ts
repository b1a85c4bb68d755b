import { describe, expect, it } from 'vitest'
import { BLOCK_BYTES } from '../../../src/core/base/limits.js'
import { Pool } from '../../../src/core/session/pool.js'

const at = (place: number): number => place * BLOCK_BYTES

describe('the pool', () => {
  it('fills gaps with single blocks, and keeps room for many in a row', () => {
    const pool = new Pool(32)
    const stretch = pool.takeRun(5)
    const single = pool.take()
    expect([stretch, single]).toEqual([at(0), at(5)])
    expect(pool.takeRun(5)).toBe(at(6))
    pool.freeRun(stretch!, 5)
    // The beginning of a block that a run of datagrams cut off, then what follows it.
    expect(pool.take()).toBe(at(0))
    expect(pool.takeRun(5)).toBe(at(11))
    expect(pool.takeRun(4)).toBe(at(1))
    expect(pool.busy).toBe(16)
  })

  it('hands out every place once', () => {
    const pool = new Pool(20)
    const places = Array.from({ length: 20 }, () => pool.take())
    expect(new Set(places).size).toBe(20)
    expect(pool.take()).toBeUndefined()
    expect(pool.takeRun(2)).toBeUndefined()
    pool.free(at(7))
    pool.free(at(9))
    expect(pool.takeRun(2)).toBeUndefined()
    expect([pool.take(), pool.take(), pool.take()]).toEqual([at(7), at(9), undefined])
  })

  it('is low with an eighth left', () => {
    const pool = new Pool(16)
    pool.takeRun(13)
    expect(pool.low).toBe(false)
    pool.take()
    expect(pool.low).toBe(true)
  })
})
