// The loop sleeps no longer than a timer can: a deadline in a thousand years must not wake it at once.

import { afterEach, expect, it, vi } from 'vitest'
import { Drive, nowMicros, TIMER_MILLIS_MAX } from '../../src/engine/drive.js'

afterEach(() => vi.restoreAllMocks())

it('sleeps in pieces until a far deadline', () => {
  const asked: unknown[] = []
  vi.spyOn(globalThis, 'setTimeout').mockImplementation((_, millis) => {
    asked.push(millis)
    return 0 as unknown as NodeJS.Timeout
  })
  const deadline = nowMicros() + 1e18
  const drive = new Drive({ handle: () => {}, poll: () => undefined, deadline }, () => {})
  drive.run()
  drive.stop()
  expect(asked).toEqual([TIMER_MILLIS_MAX])
})
