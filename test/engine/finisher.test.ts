// Files that are whole get their names as fast as a line brings them, though each takes many turns of
// a loop that has other things to do.

import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Finisher } from '../../src/engine/finisher.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('keeps up with 1100 small files a second that take 50 ms each, a bounded number at once', async () => {
  const finished: number[] = []
  let underWay = 0
  let most = 0
  const finisher = new Finisher(
    async () => {
      most = Math.max(most, ++underWay)
      await new Promise(done => setTimeout(done, 50))
      underWay--
    },
    file => finished.push(file),
    error => {
      throw error
    },
  )
  for (let file = 0; file < 1100; file++) {
    finisher.add(file)
    if (file % 11 === 10) await vi.advanceTimersByTimeAsync(10)
  }
  await vi.advanceTimersByTimeAsync(50)
  expect(finished).toHaveLength(1100)
  for (let file = 1100; file < 2100; file++) finisher.add(file)
  expect(underWay).toBeLessThanOrEqual(64)
  await vi.advanceTimersByTimeAsync(1000)
  expect(finished).toHaveLength(2100)
  expect(most).toBeLessThanOrEqual(64)
})
