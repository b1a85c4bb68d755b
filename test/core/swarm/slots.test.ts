// Who is served when more want than there are slots: nobody keeps one by asking again and again, by
// reading slowly, or by coming back under other names.

import { describe, expect, it } from 'vitest'
import { LIMITS } from '../../../src/core/base/limits.js'
import { Slots } from '../../../src/core/swarm/slots.js'

const rangeBytes = 256 * 1024
const second = 1e6
const lineBytesPerMilli = 12_500
const fileBytes = 16 * 1024 * 1024

/** What one who asks does: how fast it reads, and whether it goes when it has got one file. */
interface Asker {
  readonly peer: number
  readonly host: string
  readonly readBytesPerMilli: number
  readonly isGreedy: boolean
  askedBytes: number
  gotBytes: number
  doneAt: number
}

let names = 0

function asker(host: string, isGreedy: boolean, readBytesPerMilli = Infinity): Asker {
  return {
    peer: ++names,
    host,
    readBytesPerMilli,
    isGreedy,
    askedBytes: 0,
    gotBytes: 0,
    doneAt: Infinity,
  }
}

/** A line of 100 Mbit/s that serves all who ask, until the honest ones have their file. */
function play(askers: Asker[], seconds: number, each: (now: number, slots: Slots) => void) {
  const slots = new Slots()
  const waiting = new Map<number, { bytes: number }[]>()
  let asked = 0
  for (let now = 0; now < seconds * second; now += 1000) {
    each(now, slots)
    for (const one of now % 20_000 === 0 ? askers : []) {
      // Who came for the files asks for more when it has got what it asked for, a round trip later.
      const window = one.isGreedy ? 64 : 1
      const wanted = one.isGreedy ? Infinity : fileBytes
      while (one.askedBytes < Math.min(wanted, one.gotBytes + window * rangeBytes)) {
        slots.ask(one, { block: 16 * asked++, offsetBytes: 0, lengthBytes: rangeBytes }, now)
        one.askedBytes += rangeBytes
      }
    }
    for (let serve = slots.next(now); serve; serve = slots.next(now)) {
      const queue = waiting.get(serve.peer) ?? []
      queue.push({ bytes: serve.range.lengthBytes })
      waiting.set(serve.peer, queue)
    }
    const busy = askers.filter(({ peer }) => (waiting.get(peer)?.length ?? 0) > 0)
    const slowly = busy.filter(({ readBytesPerMilli }) => readBytesPerMilli < Infinity)
    const rest = lineBytesPerMilli - slowly.reduce((sum, one) => sum + one.readBytesPerMilli, 0)
    const share = rest / (busy.length - slowly.length)
    for (const one of busy) {
      const [first] = waiting.get(one.peer)!
      first.bytes -= Math.min(share, one.readBytesPerMilli)
      if (first.bytes > 0) continue
      waiting.get(one.peer)!.shift()
      one.gotBytes += rangeBytes
      slots.sent(one.peer, rangeBytes, now)
      if (!one.isGreedy && one.gotBytes >= fileBytes && one.doneAt === Infinity)
        one.doneAt = now / second
    }
    if (now > second && askers.every(({ isGreedy, doneAt }) => isGreedy || doneAt < Infinity))
      return
  }
}

const crowd = 2 * LIMITS.uploadSlots

/** The honest two come last, when all slots are taken. */
function lateTwo(askers: Asker[]) {
  const honest = [asker('10.0.0.1', false), asker('10.0.0.2', false)]
  return { honest, each: (now: number) => void (now === second && askers.push(...honest)) }
}

it('leaves room for the layers of whoever it serves as much as it may', () => {
  const slots = new Slots()
  const one = asker('10.0.0.1', true)
  for (let block = 0; block < 64 * 16; block += 16)
    slots.ask(one, { block, offsetBytes: 0, lengthBytes: LIMITS.rangeBytesMax }, 0)
  let unsentBytes = 0
  for (let serve = slots.next(0); serve; serve = slots.next(0))
    unsentBytes += serve.range.lengthBytes
  expect(unsentBytes).toBeGreaterThan(0)
  // With so much waiting for him, what layers he asked for would be forgotten.
  expect(unsentBytes + LIMITS.frameBytesMax).toBeLessThan(LIMITS.unsentBytesFair)
})

describe('forty who ask for everything, again and again,', () => {
  it.each([
    ['from an address each', (i: number) => `10.0.1.${i}`],
    ['all from one', () => '10.0.1.1'],
  ])('%s: starve nobody', (_, host) => {
    const askers = Array.from({ length: crowd }, (_, i) => asker(host(i), true))
    const { honest, each } = lateTwo(askers)
    play(askers, 120, each)
    // Two files in a line that 42 share evenly take 56 s, and longer with pauses between requests.
    for (const { doneAt } of honest) expect(doneAt).toBeLessThan(100)
  })

  it('and read slowly: starve nobody', () => {
    const askers = Array.from({ length: crowd }, (_, i) => asker(`10.0.1.${i}`, true, 60))
    const { honest, each } = lateTwo(askers)
    play(askers, 60, each)
    for (const { doneAt } of honest) expect(doneAt).toBeLessThan(20)
  })

  it('under new names all the time: get no more than a share each', () => {
    const askers: Asker[] = []
    const { honest, each } = lateTwo(askers)
    play(askers, 120, (now, slots) => {
      each(now)
      if (now % (300 * 1000) !== 0) return
      for (const gone of askers.filter(({ isGreedy }) => isGreedy)) {
        slots.drop(gone.peer)
        askers.splice(askers.indexOf(gone), 1)
      }
      askers.push(...Array.from({ length: crowd }, (_, i) => asker(`10.0.1.${i % 4}`, true)))
    })
    for (const { doneAt } of honest) expect(doneAt).toBeLessThan(40)
  })
})

it('more who share one address than there are slots are all served, none much later', () => {
  const askers = Array.from({ length: crowd }, () => asker('10.0.0.1', false))
  play(askers, 120, () => {})
  const ends = askers.map(({ doneAt }) => doneAt).sort((a, b) => a - b)
  expect(ends.at(-1)).toBeLessThan(60)
  expect(ends[0]).toBeGreaterThan(0.7 * ends.at(-1)!)
})

it('who has a slot keeps it while nobody waits', () => {
  const slots = new Slots()
  const ask = (peer: number, block: number, now: number) =>
    slots.ask({ peer, host: `10.0.0.${peer}` }, { block, offsetBytes: 0, lengthBytes: 16_384 }, now)
  for (let now = 0; now < 10 * second; now += 100_000) {
    ask(1, now / 100_000, now)
    expect(slots.next(now)).toMatchObject({ peer: 1 })
    slots.sent(1, 16_384, now)
  }
})
