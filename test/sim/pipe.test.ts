// The simulated TCP judged by what the real one does: a line's goodput, fair shares, a window over a
// long way, the measured throughput under loss, and silence when the cable is pulled.

import { describe, expect, it } from 'vitest'
import { KIB, MBIT_BPS, MIB, MILLIS, SECONDS } from '../../src/core/base/units.js'
import type { Congestion, HostOptions } from './host.js'
import { Run, UDP_WIRE_BYTES } from './link.js'
import { Network, type Process, type Socket } from './network.js'

const PEER_PORT = 9990
/** What is left of a line for the bytes in full segments: 1448 of 1538. */
const GOODPUT = 1448 / 1538
const LINE = 100 * MBIT_BPS

interface Side {
  readonly process: Process
  readonly got: unknown[]
  bytes: number
  closes: number
  lastAt: number
}

interface Connection {
  readonly near: Socket
  readonly far: Socket
}

function addSide(network: Network, options: Omit<HostOptions, 'address'> = {}): Side {
  const address = `10.0.0.${network.hosts.length + 1}`
  const process = network.start(network.addHost({ address, ...options }))
  return { process, got: [], bytes: 0, closes: 0, lastAt: 0 }
}

/** Messages are `[number, bytes]`, so that order and amount can be told at the other end. */
function follow(network: Network, side: Side, socket: Socket): void {
  socket.onMessages = messages => {
    for (const [number, bytes] of messages as [number, number][]) {
      side.got.push(number)
      side.bytes += bytes
    }
    side.lastAt = network.scheduler.now
  }
  socket.onClose = () => side.closes++
}

function connect(network: Network, near: Side, far: Side): Connection {
  const pair: { near?: Socket; far?: Socket } = {}
  far.process.listen(PEER_PORT, socket => {
    follow(network, far, socket)
    pair.far ??= socket
  })
  const opened = (socket: Socket): void => {
    follow(network, near, socket)
    pair.near = socket
  }
  near.process.connect(far.process.host.address, PEER_PORT, opened, () => {})
  network.scheduler.run(Infinity, () => pair.near !== undefined)
  return { near: pair.near!, far: pair.far! }
}

/** Keeps a connection busy with messages of 64 KiB until `until`. */
function saturate(network: Network, { near }: Connection, until: number): void {
  let number = 0
  const more = (): void => {
    if (network.scheduler.now < until) near.send([number++, 64 * KIB], 64 * KIB, more)
  }
  more()
  more()
}

const mbps = (bytes: number, micros: number): number => (bytes * 8) / micros

describe('a connection', () => {
  it('delivers every message once, in order, both ways, through loss and a full queue', () => {
    const network = new Network(3)
    const a = addSide(network, { upBps: 10 * LINE, lossTcp: 0.02 })
    const b = addSide(network, { downBps: LINE, downQueueBytes: 32 * KIB, lossTcp: 0.005 })
    const { near, far } = connect(network, a, b)
    const sizes = Array.from({ length: 500 }, (_, i) => 1 + ((i * 7919) % 40_000))
    sizes.forEach((bytes, i) => {
      near.send([i, bytes], bytes)
      far.send([1000 + i, 100], 100)
    })
    network.scheduler.run()
    expect(b.got).toEqual(sizes.map((_, i) => i))
    expect(a.got).toEqual(sizes.map((_, i) => 1000 + i))
    expect(b.bytes).toBe(sizes.reduce((sum, bytes) => sum + bytes, 0))
    expect(b.process.host.down.droppedFrames).toBeGreaterThan(0)
  })

  it('fills a line but for its headers', () => {
    const network = new Network(1)
    const a = addSide(network, { upBps: LINE })
    const b = addSide(network, { downBps: LINE })
    const connection = connect(network, a, b)
    saturate(network, connection, 2 * SECONDS)
    network.scheduler.run(2 * SECONDS)
    const share = (b.bytes * 8) / (2 * LINE * GOODPUT)
    expect(share).toBeGreaterThan(0.98)
    expect(share).toBeLessThanOrEqual(1)
  })

  it('has 256 KiB on the way at most, so a long way is a slow one', () => {
    const network = new Network(1)
    const [a, b] = [{ delayMicros: 50 * MILLIS }, { delayMicros: 50 * MILLIS }].map(options =>
      addSide(network, { upBps: 10 * LINE, downBps: 10 * LINE, ...options }),
    )
    const connection = connect(network, a, b)
    const from = network.scheduler.now
    saturate(network, connection, from + 10 * SECONDS)
    network.scheduler.run(from + 10 * SECONDS)
    const atMost = mbps(256 * KIB, 200 * MILLIS)
    expect(mbps(b.bytes, 10 * SECONDS)).toBeLessThanOrEqual(atMost)
    expect(mbps(b.bytes, 10 * SECONDS)).toBeGreaterThan(0.8 * atMost)
  })

  it('pushes back: what TCP has not taken is counted, and its taking is told in order', () => {
    const network = new Network(1)
    const a = addSide(network, { upBps: LINE })
    const b = addSide(network, { downBps: LINE })
    const { near } = connect(network, a, b)
    const taken: number[] = []
    for (let i = 0; i < 40; i++) near.send([i, 64 * KIB], 64 * KIB, () => taken.push(i))
    const before = near.bufferedBytes
    expect(before).toBeGreaterThan(40 * 64 * KIB - 256 * KIB - 1)
    network.scheduler.run(network.scheduler.now + 100 * MILLIS)
    expect(near.bufferedBytes).toBeLessThan(before - 0.9 * MIB)
    expect(taken.length).toBe(Math.floor((40 * 64 * KIB - near.bufferedBytes) / (64 * KIB)))
    network.scheduler.run()
    expect(taken).toEqual(Array.from({ length: 40 }, (_, i) => i))
    expect([near.bufferedBytes, b.bytes]).toEqual([0, 40 * 64 * KIB])
  })
})

describe('a shared line', () => {
  it('is shared fairly by connections into one host', () => {
    const network = new Network(1)
    const b = addSide(network, { downBps: LINE })
    const senders = Array.from({ length: 4 }, () => addSide(network, { upBps: LINE }))
    const shares = new Map<string, number>()
    b.process.listen(PEER_PORT, socket => {
      socket.onMessages = ({ length }) =>
        shares.set(socket.address, (shares.get(socket.address) ?? 0) + length * 64 * KIB)
    })
    for (const { process } of senders)
      process.connect(
        b.process.host.address,
        PEER_PORT,
        near => saturate(network, { near, far: near }, 4 * SECONDS),
        () => {},
      )
    network.scheduler.run(4 * SECONDS)
    const bytes = [...shares.values()]
    const sum = bytes.reduce((a, c) => a + c, 0)
    expect(bytes).toHaveLength(4)
    for (const share of bytes) expect(Math.abs(share / (sum / 4) - 1)).toBeLessThan(0.2)
    expect((sum * 8) / (4 * LINE * GOODPUT)).toBeGreaterThan(0.93)
  })

  it('is shared fairly by two connections out of one host', () => {
    const network = new Network(1)
    const a = addSide(network, { upBps: LINE })
    const receivers = [addSide(network), addSide(network)]
    for (const side of receivers) saturate(network, connect(network, a, side), 3 * SECONDS)
    network.scheduler.run(3 * SECONDS)
    const [one, two] = receivers.map(({ bytes }) => bytes)
    expect(Math.abs(one / two - 1)).toBeLessThan(0.1)
    expect(((one + two) * 8) / (3 * LINE * GOODPUT)).toBeGreaterThan(0.97)
  })

  it('leaves a blast its datagrams and takes what is left', () => {
    const network = new Network(1)
    const sender = addSide(network, { upBps: LINE })
    const peer = addSide(network, { upBps: LINE })
    const b = addSide(network, { downBps: LINE })
    let heard = 0
    b.process.join('224.0.67.67', 6768, (_, pieces) => {
      for (let i = 0; i < pieces.length; i += 2) heard += pieces[i + 1] - pieces[i]
    })
    const connection = connect(network, peer, b)
    saturate(network, connection, 4 * SECONDS)
    // Half of the line: 8 datagrams of 1464 bytes on the wire each 1874 µs.
    const everyMicros = (8 * (1398 + UDP_WIRE_BYTES) * 8 * SECONDS) / (LINE / 2)
    let sent = 0
    for (let at = network.scheduler.now; at < 4 * SECONDS; at += everyMicros) {
      sender.process.at(at, () => {
        sent += sender.process.multicast('224.0.67.67', 6768, new Run(8, 1398, undefined))
      })
    }
    network.scheduler.run(4 * SECONDS)
    expect(heard / sent).toBeGreaterThan(0.97)
    const share = (b.bytes * 8) / (4 * (LINE / 2) * GOODPUT)
    expect(share).toBeGreaterThan(0.9)
    expect(share).toBeLessThan(1.05)
  })
})

describe('a pulled cable', () => {
  it('keeps connections, which go on where they were once it is back', () => {
    const network = new Network(1)
    const a = addSide(network, { upBps: LINE })
    const b = addSide(network, { downBps: LINE })
    const { near } = connect(network, a, b)
    for (let i = 0; i < 100; i++) near.send([i, 64 * KIB], 64 * KIB)
    const from = network.scheduler.now
    network.scheduler.at(from + 100 * MILLIS, () => network.cut(b.process.host))
    network.scheduler.run(from + 200 * MILLIS)
    const before = b.got.length
    expect(before).toBeGreaterThan(10)
    network.scheduler.run(from + 5 * SECONDS)
    expect([b.got.length, b.closes, a.closes]).toEqual([before, 0, 0])
    network.mend(b.process.host)
    network.scheduler.run()
    expect(b.got).toEqual(Array.from({ length: 100 }, (_, i) => i))
  })

  it('makes a dial fail after a while, where a closed port fails at once', () => {
    const network = new Network(1)
    const [a, open, shut, gone] = Array.from({ length: 4 }, () => addSide(network))
    open.process.listen(PEER_PORT, () => {})
    gone.process.listen(PEER_PORT, () => {})
    network.cut(gone.process.host)
    const failedAt: Record<string, number> = {}
    const opened: string[] = []
    for (const [name, { process }] of Object.entries({ open, shut, gone }))
      a.process.connect(
        process.host.address,
        PEER_PORT,
        socket => opened.push(`${name} ${socket.address}`),
        () => (failedAt[name] = network.scheduler.now),
      )
    network.scheduler.run()
    expect(opened).toEqual([`open ${open.process.host.address}`])
    expect(failedAt.shut).toBeLessThan(MILLIS)
    expect(failedAt.gone).toBeGreaterThanOrEqual(SECONDS)
  })
})

describe('an end', () => {
  it('comes after all that was sent when it is a close', () => {
    const network = new Network(1)
    const [a, b] = [addSide(network, { upBps: LINE }), addSide(network)]
    const { near, far } = connect(network, a, b)
    for (let i = 0; i < 20; i++) near.send([i, 64 * KIB], 64 * KIB)
    near.close()
    near.send([20, 1], 1)
    far.send([0, 1], 1)
    network.scheduler.run()
    expect([b.got.length, b.closes, a.got.length, a.closes]).toEqual([20, 1, 0, 0])
  })

  it('comes at once when the process is killed, and only to those who can hear of it', () => {
    const network = new Network(1)
    const [a, b, c] = Array.from({ length: 3 }, () => addSide(network, { upBps: LINE }))
    const { near } = connect(network, a, b)
    connect(network, a, c)
    for (let i = 0; i < 100; i++) near.send([i, 64 * KIB], 64 * KIB)
    network.scheduler.run(network.scheduler.now + 100 * MILLIS)
    network.cut(c.process.host)
    network.crash(a.process)
    network.scheduler.run(network.scheduler.now + MILLIS)
    expect([b.closes, c.closes]).toEqual([1, 0])
    const before = b.got.length
    network.scheduler.run()
    expect(b.got.length).toBe(before)
    expect(network.start(a.process.host).alive).toBe(true)
  })
})

describe('a seed', () => {
  function life(seed: number): string {
    const network = new Network(seed)
    const a = addSide(network, { upBps: LINE, lossUdp: 0.1 })
    const b = addSide(network, { downBps: LINE, lossUdp: 0.1, lossTcp: 0.1 })
    b.process.join('224.0.67.67', 6768, () => {})
    saturate(network, connect(network, a, b), SECONDS)
    for (let i = 0; i < 200; i++)
      a.process.at(i * 4 * MILLIS, () => {
        a.process.multicast('224.0.67.67', 6768, new Run(10, 1398, undefined))
      })
    network.scheduler.run()
    return network.trace.hash
  }

  it('gives the same trace twice, and another seed another one', () => {
    expect(life(1)).toBe(life(1))
    expect(new Set([1, 2, 3, 4].map(life)).size).toBe(4)
  })
})

describe('loss', () => {
  /** Mbit/s of eight connections in 20 s into a host on a 100 Mbit/s line. */
  function eight(lossTcp: number, congestion: Congestion): number {
    const network = new Network(5)
    const b = addSide(network, { downBps: LINE, lossTcp })
    for (let i = 0; i < 8; i++) {
      const a = addSide(network, { upBps: LINE, congestion })
      const connection = connect(network, a, b)
      saturate(network, connection, 20 * SECONDS)
    }
    const before = b.bytes
    const from = network.scheduler.now
    network.scheduler.run(from + 20 * SECONDS)
    return mbps(b.bytes - before, 20 * SECONDS)
  }

  // Measured on a real line of 100 Mbit/s, eight connections, Mbit/s.
  it.each([
    ['cubic', 0.01, 94],
    ['cubic', 0.05, 83],
    ['cubic', 0.2, 1],
    ['bbr', 0.01, 92],
    ['bbr', 0.05, 88],
    ['bbr', 0.2, 71],
  ] as const)('slows %s at %d down to %d Mbit/s', (congestion, loss, measured) => {
    const simulated = eight(loss, congestion)
    expect(simulated).toBeGreaterThan(measured * 0.75)
    expect(simulated).toBeLessThan(measured * 1.3)
  })
})
