import { expect, it } from 'vitest'
import { LIMITS } from '../../../src/core/base/limits.js'
import { Receivers } from '../../../src/core/session/receivers.js'
import { Link } from '../../../src/core/swarm/link.js'

let nodes = 0

function linkFrom(host: string): Link {
  const link = new Link(++nodes, host, false, 0)
  link.hello = {
    type: 'hello',
    id: 'a'.repeat(64),
    node: nodes.toString(16).padStart(16, '0'),
    port: 0,
    role: 'receiver',
    complete: false,
    version: 1,
    features: [],
  }
  return link
}

it('one that comes back under its name is the same, whatever it said before', () => {
  const receivers = new Receivers()
  const link = linkFrom('10.0.0.2')
  const killed = receivers.joined(link, 1)
  killed.link = undefined
  killed.missing = { type: 'missing', session: 'a', pass: 1, runs: [0, 9] }
  const rerun = new Link(++nodes, '10.0.0.77', false, 5)
  rerun.hello = link.hello
  expect(receivers.joined(rerun, 5)).toBe(killed)
  expect([...receivers]).toEqual([killed])
  expect(killed).toMatchObject({ link: rerun, missing: undefined })
})

it('a sample speaks for every part of the network, and only for those who hear', () => {
  const receivers = new Receivers()
  const many = Array.from({ length: 20 }, (_, i) =>
    receivers.joined(linkFrom(`10.0.0.${i + 1}`), i),
  )
  const few = ['10.0.1.1', '10.0.2.1', '10.0.2.2'].map(host => receivers.joined(linkFrom(host), 30))
  many[0].completeAt = 40
  many[1].link = undefined
  many[2].demotedLoss = 0.5
  const sample = receivers.sample(8)
  expect(sample.size).toBe(8)
  for (const receiver of few) expect(sample).toContain(receiver)
  for (const receiver of many.slice(0, 3)) expect(sample).not.toContain(receiver)
  expect(receivers.sample(100).size).toBe(20)
})

const progress = {
  verifiedBytes: 0,
  resumedBytes: 0,
  multicastBytes: 0,
  peerBytes: 0,
  seederBytes: 0,
}

it('whoever says no more than hello is not waited for, nor remembered', () => {
  const receivers = new Receivers()
  const mute = receivers.joined(linkFrom('10.0.0.2'), 0)
  const earnest = receivers.joined(linkFrom('10.0.0.3'), 0)
  earnest.progress = progress
  mute.link!.lastByteAt = 20e6
  expect([...receivers.hoped(30e6, Infinity, 9e6)]).toEqual([earnest])
  expect(receivers.hasNewcomer(9e6)).toBe(true)
  expect(receivers.hasNewcomer(20e6)).toBe(false)
  expect([...receivers.hoped(30e6, Infinity, 20e6)]).toEqual([earnest])
  for (const each of [mute, earnest]) receivers.left(each, 20e6)
  expect([...receivers]).toEqual([earnest])
})

it('who is connected is no dead host before a sign of life is due, however short the patience', () => {
  const receivers = new Receivers()
  const quiet = receivers.joined(linkFrom('10.0.0.2'), 0)
  quiet.progress = progress
  quiet.link!.lastByteAt = 1e6
  const atOnce = (now: number) => [...receivers.hoped(0, Infinity, now)]
  expect(atOnce(1e6 + LIMITS.keepAliveMicros)).toEqual([quiet])
  expect(atOnce(3e6 + LIMITS.keepAliveMicros)).toEqual([])
  quiet.link!.lastByteAt = 10e6
  expect(atOnce(11e6)).toEqual([quiet])
  receivers.left(quiet, 11e6)
  expect(atOnce(11e6)).toEqual([])
})

it('one that is served and comes no further is not waited for in the end', () => {
  const receivers = new Receivers()
  const link = linkFrom('10.0.0.2')
  const { hello } = link
  const stuck = receivers.joined(link, 0)
  const slow = receivers.joined(linkFrom('10.0.0.3'), 0)
  const { receiverStuckMicros: patience } = LIMITS
  const at = (now: number): void => {
    receivers.told(stuck, { ...progress, verifiedBytes: 5 }, now)
    receivers.told(slow, { ...progress, verifiedBytes: 1 + now }, now)
    for (const { link } of [stuck, slow]) link!.lastByteAt = now
  }
  at(1e6)
  const served = 1e9
  at(served + patience - 1)
  // Before the blast it may have waited for long: only since it is served its time runs.
  expect([...receivers.hoped(30e6, Infinity, served + patience - 1)]).toEqual([stuck, slow])
  expect([...receivers.hoped(30e6, served, served + patience - 1)]).toEqual([stuck, slow])
  at(served + patience)
  expect([...receivers.hoped(30e6, served, served + patience)]).toEqual([slow])
  // Who left is waited for as long as the operator says, and comes back with all its time.
  receivers.left(stuck, served + patience)
  expect([...receivers.hoped(3 * patience, served, served + 2 * patience)]).toContain(stuck)
  const back = new Link(++nodes, '10.0.0.2', false, served + 2 * patience)
  back.hello = hello
  receivers.joined(back, served + 2 * patience)
  back.lastByteAt = served + 3 * patience - 1
  expect([...receivers.hoped(30e6, served, served + 3 * patience - 1)]).toContain(stuck)
})

it('strangers who say how far they are, and go, keep nobody for ever, nor does one who comes again', () => {
  const hello = linkFrom('10.0.0.4').hello
  for (const isNew of [true, false]) {
    const receivers = new Receivers()
    let now = 0
    const isHoped = () => !receivers.hoped(30e6, 0, now)[Symbol.iterator]().next().done
    for (; now < 3600e6 && (now === 0 || isHoped()); now += 20e6) {
      const link = linkFrom('10.0.0.4')
      if (!isNew) link.hello = hello
      const guest = receivers.joined(link, now)
      receivers.told(guest, { ...progress, verifiedBytes: 2 ** 30 }, now)
      receivers.left(guest, now + 1e6)
    }
    expect(now).toBeLessThan(15 * 60e6)
  }
})

it('the memory for those who left is bounded', () => {
  const receivers = new Receivers()
  const stays = receivers.joined(linkFrom('10.0.0.2'), 0)
  for (let i = 0; i < LIMITS.receiversMax + 1000; i++) {
    const guest = receivers.joined(linkFrom('10.0.0.3'), i)
    guest.progress = progress
    receivers.left(guest, i)
  }
  expect(receivers.size).toBe(LIMITS.receiversMax)
  expect([...receivers]).toContain(stays)
})

it('a few bytes now and then are no progress', () => {
  const receivers = new Receivers()
  const crawling = receivers.joined(linkFrom('10.0.0.2'), 0)
  const patience = LIMITS.receiverStuckMicros
  const progress = { resumedBytes: 0, multicastBytes: 0, peerBytes: 0, seederBytes: 0 }
  let verifiedBytes = 0
  const hoped = (now: number) => [...receivers.hoped(30e6, 0, now)].includes(crawling)
  const tell = (bytes: number, now: number) => {
    verifiedBytes += bytes
    receivers.told(crawling, { ...progress, verifiedBytes }, now)
    crawling.link!.lastByteAt = now
  }
  for (let now = 0; now < patience; now += 2e6) tell(1, now)
  tell(1, patience)
  expect(hoped(patience)).toBe(false)
  tell(LIMITS.receiverFurtherBytes, patience + 1)
  expect(hoped(patience + 2)).toBe(true)
})
