// What the operator allows is what peers get: within 3 % over 5 seconds, at any rate, however much
// they ask for, of one transfer or of several that share a limit; a limit that changes nothing costs
// nothing.

import { describe, expect, it } from 'vitest'
import { BLOCK_BYTES } from '../../../src/core/base/limits.js'
import { Allowance } from '../../../src/core/swarm/allowance.js'
import { Commons } from '../../../src/core/swarm/commons.js'
import { Slots } from '../../../src/core/swarm/slots.js'

const rangeBytes = 256 * 1024
const second = 1e6
/** Of Ethernet, and what each carries beside it. */
const [SEGMENT_BYTES, HEADER_BYTES] = [1448, 66]

interface Transfer {
  readonly slots: Slots
  readonly allowance: Allowance
}

/**
 * Bytes that each transfer serves in each of four spans of 5 s, to three peers that always ask for
 * more; a transfer begins in the span that `from` names, and looks when it has to and every 50 ms.
 */
function served(transfers: readonly Transfer[], from: readonly number[] = []): number[][] {
  const spans = transfers.map(() => [0, 0, 0, 0])
  let asked = 0
  for (let now = 0; now < 20 * second; now += 1000) {
    const span = Math.floor(now / (5 * second))
    transfers.forEach(({ slots, allowance }, i) => {
      if (span < (from[i] ?? 0) || (now % 50_000 !== 7000 * i && now < slots.deadline)) return
      for (const peer of [1, 2, 3]) {
        const range = { block: asked * 16, offsetBytes: 0, lengthBytes: rangeBytes }
        if (slots.ask({ peer, host: `10.0.0.${peer}` }, range, now)) asked++
      }
      for (let serve = slots.next(now); serve; serve = slots.next(now)) {
        spans[i][span] += serve.range.lengthBytes
        allowance.carried((serve.range.lengthBytes / SEGMENT_BYTES) * HEADER_BYTES)
        slots.sent(serve.peer, serve.range.lengthBytes, now)
      }
    })
  }
  return spans
}

function capped(rateBps: number, commons?: Commons): Transfer {
  const slots = new Slots()
  const allowance = new Allowance(rateBps, commons)
  slots.cap(allowance)
  return { slots, allowance }
}

/**
 * Neither what peers get nor what the line carries of it is further off than 3 %, and one block that
 * falls into this span or the next.
 */
function expectRate(bytes: number, rateBps: number): void {
  const payload = (bytes * 8) / 5
  const line = payload * (1 + HEADER_BYTES / SEGMENT_BYTES)
  const block = (BLOCK_BYTES * 8) / 5
  expect(payload).toBeGreaterThan(0.97 * rateBps - block)
  expect(line).toBeLessThan(1.03 * rateBps + block)
}

describe('--upload', () => {
  it.each([1e6, 2e6, 10e6, 50e6, 100e6, 400e6, 1e9])(
    '%d bit/s are kept within 3 %% over 5 s',
    rateBps => {
      const [spans] = served([capped(rateBps)])
      for (const bytes of spans.slice(1)) expectRate(bytes, rateBps)
    },
  )

  it('holds whatever else limits, and the lower of both counts', () => {
    const transfer = capped(80e6)
    transfer.slots.limit(8e6, 0)
    const [spans] = served([transfer])
    expect(Math.max(...spans.slice(1))).toBeLessThan((1.05 * 8e6 * 5) / 8)
  })
})

describe('whoever asks for much, and early,', () => {
  it('keeps nobody from the little that there is', () => {
    const { slots } = capped(1e6)
    const taken: Record<number, number> = { 1: 0, 2: 0, 3: 0 }
    let asked = 0
    for (let now = 0; now < 10 * second; now += 10_000) {
      // The first asks again at once whenever there is room, the others once a second.
      for (const peer of now % second === 0 ? [1, 2, 3] : [1]) {
        const range = { block: 16 * asked, offsetBytes: 0, lengthBytes: rangeBytes }
        while (slots.ask({ peer, host: `10.0.0.${peer}` }, { ...range, block: 16 * asked }, now))
          asked++
      }
      for (let serve = slots.next(now); serve; serve = slots.next(now)) {
        taken[serve.peer] += serve.range.lengthBytes
        slots.sent(serve.peer, serve.range.lengthBytes, now)
      }
    }
    const all = taken[1] + taken[2] + taken[3]
    for (const peer of [2, 3]) expect(taken[peer]).toBeGreaterThan(all / 4)
  })
})

describe('a limit for several transfers', () => {
  const none = Number.POSITIVE_INFINITY

  it('holds for all of them, gives each its turn, and leaves nothing over', () => {
    const commons = new Commons(200e6)
    const spans = served([none, none, 66e6].map(rateBps => capped(rateBps, commons)))
    for (const i of [1, 2, 3]) {
      expectRate(spans[0][i] + spans[1][i] + spans[2][i], 200e6)
      expectRate(spans[2][i], 66e6)
      expect(spans[0][i] / spans[1][i]).toBeCloseTo(1, 1)
    }
  })

  it('does not make up for the time before somebody came', () => {
    const commons = new Commons(200e6)
    const [first, late] = served([capped(none, commons), capped(none, commons)], [0, 2])
    expectRate(first[1], 200e6)
    for (const i of [2, 3]) expectRate(first[i] + late[i], 200e6)
    for (const i of [2, 3]) expect(late[i] / first[i]).toBeCloseTo(1, 1)
  })

  it('waits for nobody who does not ask any more', () => {
    const commons = new Commons(200e6)
    const [goes, stays] = [capped(none, commons), capped(none, commons)]
    const range = { block: 0, offsetBytes: 0, lengthBytes: rangeBytes }
    for (const { slots } of [goes, stays]) slots.ask({ peer: 1, host: '10.0.0.1' }, range, 0)
    expect(stays.slots.next(0)).toBeDefined()
    expect(goes.slots.next(0)).toBeUndefined() // it is its turn next, and it never takes it
    const [spans] = served([stays])
    for (const bytes of spans.slice(1)) expectRate(bytes, 200e6)
  })
})

describe('an allowance', () => {
  it('gives back what did not come', () => {
    const allowance = new Allowance(8e6)
    expect(allowance.affords(0)).toBe(true)
    allowance.spend(rangeBytes)
    expect(allowance.affords(1)).toBe(false)
    expect(allowance.dueAt).toBeGreaterThan(1)
    allowance.spend(-rangeBytes)
    expect(allowance.affords(2)).toBe(true)
  })

  it('pays for all that is carried besides, and with half of the rate at most', () => {
    const spentIn10s = (carriedBytes: number): number => {
      const allowance = new Allowance(8e6)
      let payload = 0
      for (let now = 0; now < 10 * second; now += 1000) {
        if (now % 10_000 === 0) allowance.carried(carriedBytes)
        if (!allowance.affords(now)) continue
        allowance.spend(BLOCK_BYTES)
        payload += BLOCK_BYTES
      }
      return payload
    }
    const alone = spentIn10s(0)
    expect(alone - spentIn10s(1000)).toBeGreaterThan(1e6 - 2 * BLOCK_BYTES)
    expect(alone - spentIn10s(1000)).toBeLessThan(1e6 + 2 * BLOCK_BYTES)
    expect(spentIn10s(100_000)).toBeGreaterThan(0.45 * alone)
  })

  it('without a limit affords everything', () => {
    const allowance = new Allowance(Number.POSITIVE_INFINITY)
    for (let i = 0; i < 1000; i++) allowance.spend(rangeBytes)
    expect(allowance.affords(0)).toBe(true)
    expect(allowance.dueAt).toBe(Number.POSITIVE_INFINITY)
  })
})
