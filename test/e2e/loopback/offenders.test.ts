// Peers that do what nobody should, against real processes: garbage, silence, dripping, lies,
// thousands of connections. Whoever came for the files gets them, whole; the offenders are dropped
// and cost little.

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { encodeFrame } from '../../../src/core/wire/frame.js'
import type { Message, Range } from '../../../src/core/wire/message.js'
import { encodeMessage } from '../../../src/core/wire/peer.js'
import type { SendResult } from '../../../src/engine/api.js'
import { skipUnless } from '../../lab/skip.js'
import { descriptorLimit, flood, Offender, Onlooker } from '../offender.js'
import { end, eventsOf, listening, notice, patience, play, resultOf, type Stage } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'

// Alone none of these offences makes a sender take more than 165 MB, all of them at once made it 216.
const memoryMax = 250e6
const crowd = 10_000
const block = 16_384

async function sending(stage: Stage, sizeBytes: number, ...args: string[]) {
  const file = await randomFile(join(stage.folder, 'x.bin'), sizeBytes)
  const sender = stage.send([file, ...args])
  const { id, link } = await sender.until('session')
  const { peerPort } = await sender.until('listening')
  const seen = new Onlooker(sender)
  return { file, sender, seen, id: String(id), link: String(link), port: Number(peerPort) }
}

function ranges(count: number): Range[] {
  const lengthBytes = 16 * block
  return Array.from({ length: count }, (_, i) => ({ block: 16 * i, offsetBytes: 0, lengthBytes }))
}

function expectModest({ descriptors, peakBytes }: Onlooker): void {
  expect(descriptors).toBeGreaterThan(0)
  expect(descriptors).toBeLessThan(800)
  expect(peakBytes).toBeGreaterThan(0)
  expect(peakBytes).toBeLessThan(memoryMax)
}

describe('garbage', patience, () => {
  play('costs whoever sends it the connection, and nobody else anything', async ({ stage }) => {
    const wait = ['--no-multicast', '--wait-receivers', '2']
    const { file, sender, seen, id, link, port } = await sending(stage, 8 * mebibyte, ...wait)
    const session = '0'.repeat(16)
    const leaves = new Uint8Array(64 * 32)
    const data: Message = { type: 'data', range: ranges(1)[0], bytes: new Uint8Array(16 * block) }
    const noise = [
      randomBytes(100_000),
      Buffer.from('160301020001', 'hex'),
      'GET / HTTP/1.1\r\n\r\n',
    ]
    const noisy = noise.map(bytes => {
      const each = new Offender(port)
      each.socket.write(bytes)
      return each
    })
    const offenders = [
      new Offender(port).say({ type: 'keep-alive' }),
      new Offender(port).hello('b'.repeat(64)),
      new Offender(port).hello(id).hello(id),
      new Offender(port).hello(id).say(data),
      new Offender(port).hello(id).say({ type: 'layer', chunk: 0, leaves }),
      new Offender(port).hello(id).say({ type: 'reject', reason: 'gone', ranges: ranges(1) }),
      new Offender(port).hello(id).say({ type: 'have', chunkRuns: [0, 2 ** 31], partial: [] }),
      new Offender(port).hello(id).say({ type: 'layer-request', chunks: [2 ** 31] }),
      new Offender(port).hello(id).say({ type: 'missing', session, pass: -1 }),
    ]
    const cut = new Offender(port).hello(id)
    cut.socket.write(encodeFrame(0, Buffer.from('{"type":"report"')))
    const long = new Offender(port).hello(id)
    long.socket.write(Buffer.from('010fffffff', 'hex'))
    const flooder = new Offender(port).hello(id)
    const alive = Buffer.concat(Array(2000).fill(encodeMessage({ type: 'bye', reason: 'x' })))
    for (let i = 0; i < 10; i++) flooder.socket.write(alive)
    await Promise.all([...offenders, ...noisy, cut, long, flooder].map(each => each.closed))
    const receivers = ['a', 'b'].map(name => stage.recv(name, [link, '--no-multicast']))
    await end([sender, ...receivers])
    expectModest(seen)
    await stage.expectSame(file, 'a', 'b')
    expect(resultOf<SendResult>(sender).receivers).toHaveLength(2)
  })
})

describe('peers that waste time', patience, () => {
  play('neither keep the slots, nor the memory, nor the end', async ({ stage }) => {
    const wait = ['--no-multicast', '--wait-receivers', '1']
    const { file, sender, seen, id, link, port } = await sending(stage, 64 * mebibyte, ...wait)
    // More than there are slots ask for everything and read nothing; others ask for every layer and
    // for the meta without end; and some send a byte a second: blanks, half a hello, half a frame.
    const deaf = Array.from({ length: 12 }, () => {
      const offender = new Offender(port).hello(id)
      offender.socket.pause()
      return offender.say({ type: 'request', ranges: ranges(256) })
    })
    const greedy = Array.from({ length: 12 }, () => {
      const offender = new Offender(port).hello(id)
      offender.socket.pause()
      const chunks = Array.from({ length: 1024 }, (_, i) => i % 64)
      for (let i = 0; i < 40; i++) offender.say({ type: 'layer-request', chunks })
      for (let i = 0; i < 4000; i++)
        offender.say({ type: 'meta-request', offsetBytes: 0, lengthBytes: 262_144 })
      return offender
    })
    const hello = encodeMessage({ type: 'bye', reason: 'x'.repeat(100) })
    const dripping = [
      new Offender(port).drip(Buffer.alloc(60, ' ')),
      new Offender(port).drip(hello),
      new Offender(port).drip(Buffer.from(`{"cmd":"${'x'.repeat(60)}`)),
      new Offender(port).hello(id).drip(hello),
    ]
    const receivers = ['a', 'b'].map(name => stage.recv(name, [link, '--no-multicast']))
    await receivers[0].until('complete')
    await end([sender, ...receivers])
    expectModest(seen)
    await stage.expectSame(file, 'a', 'b')
    for (const each of [...deaf, ...greedy, ...dripping]) each.end()
  })

  play('nor the slots, when they read what they ask for again and again', async ({ stage }) => {
    const wait = ['--no-multicast', '--wait-receivers', '2']
    const { file, sender, seen, id, link, port } = await sending(stage, 32 * mebibyte, ...wait)
    const request: Message = { type: 'request', ranges: ranges(128) }
    const readers = Array.from({ length: 40 }, (_, i) => new Offender(port, `127.0.1.${i + 1}`))
    for (const each of readers) each.hello(id).say(request)
    const timer = setInterval(() => {
      for (const each of readers) if (!each.isClosed) each.say(request)
    }, 200)
    // Frames that begin and do not end take memory, too.
    const begun = Buffer.alloc(256 * 1024, '0100040000', 'hex').subarray(0, 200 * 1024)
    begun.fill(0, 5)
    const unfinished = Array.from({ length: 300 }, (_, i) => {
      const each = new Offender(port, `127.0.2.${i % 10}`).hello(id)
      each.socket.write(begun)
      return each
    })
    const receivers = ['a', 'b'].map(name => stage.recv(name, [link, '--no-multicast']))
    await end(receivers)
    clearInterval(timer)
    for (const each of [...readers, ...unfinished]) each.end()
    await end([sender])
    expectModest(seen)
    await stage.expectSame(file, 'a', 'b')
  })

  play('and so does one that is asked and drips, answers nothing, or lies', async ({ stage }) => {
    // The receiver knows where the sender will be, but the offenders are there before it.
    const file = await randomFile(join(stage.folder, 'x.bin'), 8 * mebibyte)
    const meta = await stage.meta(file)
    const port = stage.peerPort
    const peer = `127.0.0.1:${port + 1}`
    const receiver = stage.recv('a', [meta, '--no-multicast', '--peer', peer])
    const { id } = await receiver.until('session')
    const told = eventsOf(receiver, 'notice', 'peer')
    await listening(receiver)
    const all = { complete: true, port: 1 }
    const offender = (answer: (range: Range, by: Offender) => void) => {
      const each = new Offender(port).hello(String(id), all)
      const asked = new Promise<void>(resolve => {
        each.onMessage = message => {
          if (message.type !== 'request') return
          for (const range of message.ranges) answer(range, each)
          resolve()
        }
      })
      return Object.assign(each, { asked })
    }
    const wrong = offender((range, by) =>
      by.say({ type: 'data', range, bytes: randomBytes(range.lengthBytes) }),
    )
    const lacking = offender((range, by) =>
      by.say({ type: 'reject', reason: 'gone', ranges: [range] }),
    )
    const mute = offender(() => {})
    const slow = offender((range, by) =>
      by.drip(encodeMessage({ type: 'data', range, bytes: new Uint8Array(range.lengthBytes) })),
    )
    await lacking.closed
    await Promise.race([wrong.closed, wrong.asked])
    const sender = stage.send([meta, '--no-multicast', '--wait-receivers', '1'])
    await end([sender, receiver])
    await stage.expectSame(file, 'a')
    // It is known to be wrong once somebody honest says what would be right.
    expect(told.some(notice('wrong-data'))).toBe(true)
    const reasons = told.flatMap(event => event.reason ?? [])
    expect(reasons).toContain('it sent wrong data')
    expect(reasons).toContain('it lacks what it offered')
    for (const each of [mute, slow]) each.end()
  })
})

const enough = descriptorLimit() > crowd + 1000
skipUnless(enough ? undefined : 'too few descriptors for 10,000 connections (ulimit -n)')(
  'ten thousand connections',
  patience,
  () => {
    play('to a sender keep out nobody who comes for the files', async ({ stage }) => {
      const { file, sender, seen, link, port } = await sending(
        stage,
        8 * mebibyte,
        '--wait-receivers',
        '1',
      )
      const flooding = flood(port, crowd)
      const receiver = stage.recv('a', [link, '--no-multicast'])
      await receiver.until('complete')
      const sockets = await flooding
      await end([sender, receiver])
      expectModest(seen)
      await stage.expectSame(file, 'a')
      for (const socket of sockets) socket.destroy()
    })

    play('to a receiver keep neither it nor its peers from ending', async ({ stage }) => {
      const wait = ['--no-multicast', '--wait-receivers', '1']
      const { file, sender, link } = await sending(stage, 8 * mebibyte, ...wait)
      const first = stage.recv('a', [link, '--no-multicast', '--stay'])
      const firstSeen = new Onlooker(first)
      await first.until('complete')
      const flooding = flood(stage.peerPort + 1, crowd)
      const port = `127.0.0.1:${stage.peerPort + 1}`
      await end([sender])
      const meta = await stage.meta(file)
      const second = stage.recv('b', [meta, '--no-multicast', '--peer', port])
      await second.until('complete')
      expectModest(firstSeen)
      const sockets = await flooding
      first.kill('SIGTERM')
      await end([second])
      await stage.expectSame(file, 'a', 'b')
      for (const socket of sockets) socket.destroy()
    })
  },
)
