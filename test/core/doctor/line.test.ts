// What a doctor that listens lets others ask: nothing without a limit.

import { expect, it } from 'vitest'
import { LIMITS } from '../../../src/core/base/limits.js'
import { answerIn, boundedBlast, requestIn } from '../../../src/core/doctor/line.js'

const blast = {
  cmd: 'blast',
  round: 1,
  to: 'data',
  bytes: 1472,
  count: 1000,
  rateBps: 1e8,
} as const

it('takes requests as they are meant', () => {
  expect(requestIn(JSON.stringify(blast))).toEqual(blast)
  expect(requestIn('{"cmd":"tally","round":3}')).toEqual({ cmd: 'tally', round: 3 })
  expect(answerIn('{"cmd":"tally","heard":3}')).toEqual({ cmd: 'tally', heard: 3 })
})

it.each([
  'x',
  'null',
  '{"cmd":"shoot"}',
  JSON.stringify({ ...blast, bytes: 1473 }),
  JSON.stringify({ ...blast, rateBps: LIMITS.doctorRateBpsMax + 1 }),
  JSON.stringify({ ...blast, count: LIMITS.doctorBlastDatagramsMax + 1 }),
  JSON.stringify({ ...blast, to: '10.0.0.1' }),
  JSON.stringify({ cmd: 'dial', port: 0 }),
  JSON.stringify({ cmd: 'pad', pad: 'x'.repeat(LIMITS.doctorPadChars + 1), want: 0 }),
  JSON.stringify({ cmd: 'pad', pad: '', want: LIMITS.doctorPadChars + 1 }),
])('refuses %.40s…', line => {
  expect(requestIn(line)).toBeUndefined()
})

it('believes no interface name that could be more than a name', () => {
  const hello = {
    cmd: 'hello',
    run: 1,
    group: '224.0.67.67',
    port: 1,
    dataPort: 2,
    mtuBytes: 1500,
    unixMillis: 0,
  }
  expect(answerIn(JSON.stringify({ ...hello, link: 'eth0.5' }))).toBeDefined()
  expect(answerIn(JSON.stringify({ ...hello, link: 'x; rm -r /' }))).toBeUndefined()
})

it('cuts a blast down to the rate and the time that are allowed', () => {
  expect(boundedBlast(blast, 2e8)).toEqual(blast)
  const { rateBps, count } = boundedBlast({ ...blast, count: 200_000 }, 1e6)
  expect(rateBps).toBe(1e6)
  const micros = (count * blast.bytes * 8 * 1e6) / rateBps
  expect(micros).toBeLessThanOrEqual(LIMITS.doctorBlastMicrosMax)
  expect(micros).toBeGreaterThan(0.9 * LIMITS.doctorBlastMicrosMax)
})
