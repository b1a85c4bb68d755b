// Anybody can announce: many addresses, real or not, must neither be dialled without end nor keep out
// the one that is.

import { expect, it } from 'vitest'
import { LIMITS } from '../../../src/core/base/limits.js'
import { Prng } from '../../../src/core/base/prng.js'
import { AddressBook } from '../../../src/core/swarm/book.js'
import type { PeerAddress } from '../../../src/core/wire/message.js'

const second = 1_000_000

function dialled(book: AddressBook, now: number): number {
  const taken = book.take(0, now)
  for (const address of taken) book.failed(address, now)
  return taken.length
}

it('dials few of thousands that one host announces, and goes on to others', () => {
  const book = new AddressBook(new Prng(1))
  let dials = 0
  const ports = new Set<number>()
  for (let i = 0; i < 10_000; i++) {
    const now = i * 1000
    book.announced({ host: '10.0.0.9', port: 1 + i }, now)
    for (const address of book.take(0, now)) {
      dials++
      ports.add(address.port)
      book.failed(address, now)
    }
    expect(book.size).toBeLessThanOrEqual(LIMITS.announcersPerHostMax)
  }
  expect(dials).toBeLessThan(100)
  expect(ports.size).toBeGreaterThan(8)
})

it('lets in who announces itself beside thousands, and keeps who answers', () => {
  const book = new AddressBook(new Prng(2))
  const real = { host: '10.0.0.1', port: 9990 }
  const flood = (from: number): void => {
    for (let i = 0; i < 1000; i++)
      book.announced({ host: `10.1.${i >> 8}.${i & 255}`, port: 7 }, from + i * 1000)
  }
  flood(0)
  expect(dialled(book, second)).toBeLessThanOrEqual(LIMITS.announcersMax)
  let seconds = 3
  for (let met = false; !met; seconds++) {
    expect(seconds).toBeLessThan(20)
    book.announced(real, seconds * second)
    met = book.take(0, seconds * second).some(address => address.host === real.host)
    flood(seconds * second)
  }
  book.succeeded(real)
  for (let more = 0; more < 20; more++) flood((seconds + more) * second)
  book.failed(real, (seconds + 30) * second)
  expect(book.size).toBeLessThanOrEqual(LIMITS.announcersMax)
  const later = book.take(0, (seconds + 60) * second)
  expect(later).toContainEqual(real)
})

it('goes on trying whom the operator named, and soon meets him when he comes', () => {
  const book = new AddressBook(new Prng(1))
  const sender = { host: '10.0.0.1', port: 9990 }
  book.add(sender, true)
  let last = 0
  for (let now = 0; now < 60 * second; now = book.nextAt(true)) {
    expect(now - last).toBeLessThanOrEqual(1.25 * second)
    expect(dialled(book, now)).toBe(1)
    last = now
  }
})

it('spreads the dials to one whom all have heard, and to those whom one has heard', () => {
  const own = { host: '10.0.0.1', port: 9990 }
  const before = [1, 2, 3, 4].map(part => {
    let due = 0
    for (let seed = 1; seed <= 400; seed++) {
      const book = new AddressBook(new Prng(seed))
      book.overheard(own, 1 * second)
      if (book.nextAt(true) <= 1 * second + ((4 + part) * LIMITS.overheardMicros) / 8) due++
    }
    return due
  })
  expect(before[3]).toBe(400)
  for (const [i, due] of before.entries()) expect(Math.abs(due - 100 * (i + 1))).toBeLessThan(40)
  const book = new AddressBook(new Prng(1))
  for (let i = 1; i <= 200; i++) book.overheard({ host: `10.0.0.${i}`, port: 1 }, 0)
  const first = Number(book.take(20, (5 * LIMITS.overheardMicros) / 8)[0].host.split('.')[3])
  expect(first).toBeGreaterThan(1)
  // What a manager or a peer tells is told to few, and may be dialled at once.
  book.add({ host: '10.0.1.1', port: 1 }, false)
  expect(book.nextAt(true)).toBe(0)
})

it('keeps few of all whom peers tell of, not only the last ones, and whoever was dialled', () => {
  const book = new AddressBook(new Prng(3))
  const one = { host: '10.9.0.1', port: 9990 }
  book.told(one, '10.0.0.1')
  expect(book.take(1, second)).toEqual([one])
  for (let i = 0; i < 1000; i++)
    book.told({ host: `10.1.${i >> 8}.${i & 255}`, port: 9990 }, `10.0.0.${i % 9}`)
  expect(book.size).toBe(1 + LIMITS.peersUntriedMax)
  const at = ({ host }: { host: string }): number => {
    const [, , high, low] = host.split('.').map(Number)
    return 256 * high + low
  }
  const older = book.take(1000, second).filter(each => at(each) < 1000 - LIMITS.peersUntriedMax)
  expect(older.length).toBeGreaterThan(LIMITS.peersUntriedMax / 8)
  // What a relay must not dial takes nobody's place.
  const relay = new AddressBook(new Prng(4))
  relay.confine(({ host }) => !host.startsWith('10.1.'))
  for (let i = 0; i < 200; i++) relay.told({ host: `10.1.0.${i}`, port: 9990 }, '10.0.0.1')
  for (let i = 0; i < 200; i++) relay.told({ host: `10.2.0.${i}`, port: 9990 }, '10.0.0.1')
  expect(relay.take(1000, second).length).toBe(LIMITS.peersUntriedMax)
})

it('meets those of whom one tells, however many another invents', () => {
  for (let seed = 1; seed <= 4; seed++) {
    const book = new AddressBook(new Prng(seed))
    let fakes = 0
    const flood = (): void => {
      for (let i = 0; i < 20; i++, fakes++)
        book.told(
          { host: `10.9.${fakes >> 8}.${fakes & 255}`, port: 1 + (fakes >> 16) },
          '10.0.0.66',
        )
    }
    for (let i = 0; i < 5; i++) flood()
    for (let i = 1; i <= 15; i++) book.told({ host: `10.1.0.${i}`, port: 9990 }, '10.0.0.1')
    // Who is invented answers after five seconds: not. Who is not, at once.
    const dials: { address: PeerAddress; endsAt: number }[] = []
    let met = 0
    for (let at = 0; at < 120 * second; at += second / 10) {
      flood()
      for (const { address } of dials.filter(each => each.endsAt <= at)) book.failed(address, at)
      dials.splice(0, dials.length, ...dials.filter(each => each.endsAt > at))
      for (const address of book.take(LIMITS.dialsAtOnce - dials.length, at))
        if (address.host.startsWith('10.1.')) {
          book.succeeded(address)
          met++
        } else dials.push({ address, endsAt: at + 5 * second })
    }
    expect(met, `seed ${seed}`).toBeGreaterThanOrEqual(8)
    expect(book.size).toBeLessThanOrEqual(LIMITS.peersKnownMax)
  }
})
