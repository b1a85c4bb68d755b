// The simulated network judged by arithmetic: what a line of that rate, a queue of that size and a
// loss of that chance must do. Whoever trusts a scenario trusts these numbers first.

import { describe, expect, it } from 'vitest'
import { GBIT_BPS, KIB, MBIT_BPS, MILLIS, microsOf, SECONDS } from '../../src/core/base/units.js'
import { Disk } from './disk.js'
import type { Host, HostOptions } from './host.js'
import { type Pieces, Run, UDP_WIRE_BYTES } from './link.js'
import { Network, type Process } from './network.js'
import { Scheduler } from './scheduler.js'

const GROUP = '224.0.67.67'
const PORT = 6768
const SIZE_BYTES = 1398
const WIRE_BYTES = SIZE_BYTES + UDP_WIRE_BYTES

interface Heard {
  readonly at: number
  readonly run: Run
  readonly pieces: Pieces
  readonly source: string
}

interface Ear {
  readonly host: Host
  readonly process: Process
  readonly heard: Heard[]
  /** Datagrams heard so far. */
  readonly count: () => number
}

function addProcess(network: Network, options: Omit<HostOptions, 'address'>): Process {
  return network.start(
    network.addHost({ address: `10.0.0.${network.hosts.length + 1}`, ...options }),
  )
}

function addEar(network: Network, options: Omit<HostOptions, 'address'> = {}): Ear {
  const process = addProcess(network, options)
  const heard: Heard[] = []
  process.join(GROUP, PORT, (run, pieces, source) => {
    heard.push({ at: network.scheduler.now, run, pieces, source })
  })
  const count = (): number => heard.reduce((sum, { pieces }) => sum + countOf(pieces), 0)
  return { host: process.host, process, heard, count }
}

function countOf(pieces: Pieces): number {
  let count = 0
  for (let i = 0; i < pieces.length; i += 2) count += pieces[i + 1] - pieces[i]
  return count
}

const datagrams = (count: number): Run => new Run(count, SIZE_BYTES, 'blast')

/** Sends a run of `each` datagrams every `everyMicros`, `times` times. */
function blast(sender: Process, network: Network, each: number, times: number, every: number) {
  const from = network.scheduler.now
  for (let i = 0; i < times; i++)
    sender.at(from + i * every, () => sender.multicast(GROUP, PORT, datagrams(each)))
}

describe('time', () => {
  it('runs events by time, and in the order they were given at one instant', () => {
    const scheduler = new Scheduler()
    const seen: string[] = []
    const say = (word: string) => () => seen.push(`${scheduler.now} ${word}`)
    scheduler.at(20, say('c'))
    scheduler.at(10, say('a'))
    scheduler.at(20, say('d'))
    scheduler.at(10.2, () => {
      seen.push(`${scheduler.now} b`)
      scheduler.at(3, say('late'))
    })
    scheduler.at(30, say('never'))
    expect(scheduler.run(25)).toBe(false)
    expect(seen).toEqual(['10 a', '11 b', '11 late', '20 c', '20 d'])
    expect([scheduler.now, scheduler.pending, scheduler.events]).toEqual([25, 1, 5])
  })

  it('stops after the event that fulfils a condition', () => {
    const scheduler = new Scheduler()
    let ticks = 0
    for (let i = 1; i <= 9; i++) scheduler.at(i, () => ticks++)
    expect(scheduler.run(Infinity, () => ticks === 4)).toBe(true)
    expect([ticks, scheduler.now]).toEqual([4, 4])
    expect(scheduler.run(Infinity, () => ticks === 40)).toBe(false)
  })
})

describe('a line', () => {
  it('carries datagrams at its rate, headers and gaps included', () => {
    const network = new Network(1)
    const line = { upBps: 100 * MBIT_BPS, downBps: 100 * MBIT_BPS, delayMicros: 40 }
    const sender = addProcess(network, line)
    const ear = addEar(network, line)
    for (let i = 0; i < 8; i++) expect(sender.multicast(GROUP, PORT, datagrams(20))).toBe(20)
    network.scheduler.run()
    // 160 leave back to back; the last is serialised once more behind the switch, then two delays.
    const expected = microsOf(161 * WIRE_BYTES, 100 * MBIT_BPS) + 2 * 40
    expect(ear.count()).toBe(160)
    expect(ear.heard[7].at - expected).toBeGreaterThanOrEqual(0)
    expect(ear.heard[7].at - expected).toBeLessThan(3)
    expect(sender.host.up.wireBytes).toBe(160 * WIRE_BYTES)
    // What an interface counts has a frame's header, but no preamble, checksum and gap.
    expect(sender.host.up.countedBytes).toBe(160 * (SIZE_BYTES + 28 + 14))
  })

  it('is as slow as its slower half', () => {
    const network = new Network(1)
    const sender = addProcess(network, { upBps: GBIT_BPS })
    const ear = addEar(network, { downBps: 50 * MBIT_BPS, delayMicros: 0 })
    sender.multicast(GROUP, PORT, datagrams(100))
    network.scheduler.run()
    const expected = microsOf(100 * WIRE_BYTES, 50 * MBIT_BPS) + microsOf(WIRE_BYTES, GBIT_BPS) + 50
    expect(ear.count()).toBe(100)
    expect(Math.abs(ear.heard[0].at - expected)).toBeLessThan(3)
  })

  it('knows datagrams of different sizes', () => {
    const network = new Network(1)
    const sender = addProcess(network, { upBps: 10 * MBIT_BPS, delayMicros: 0 })
    const ear = addEar(network, { delayMicros: 0 })
    const run = new Run(3, [1000, 10, 500], 'mixed')
    sender.multicast(GROUP, PORT, run)
    network.scheduler.run()
    expect(ear.heard).toHaveLength(1)
    expect(ear.heard[0].run).toBe(run)
    expect(ear.heard[0].pieces).toEqual([0, 3])
    const expected = microsOf(1510 + 3 * UDP_WIRE_BYTES, 10 * MBIT_BPS)
    expect(Math.abs(ear.heard[0].at - expected)).toBeLessThan(2)
  })

  it('takes no more than the send buffer holds, and says when there is room', () => {
    const network = new Network(1)
    const sender = addProcess(network, { upBps: 100 * MBIT_BPS, upQueueBytes: 10 * WIRE_BYTES })
    const ear = addEar(network)
    const run = datagrams(25)
    let from = sender.multicast(GROUP, PORT, run)
    expect(from).toBe(10)
    expect(sender.multicast(GROUP, PORT, run, from)).toBe(0)
    expect(Math.abs(sender.sendRoomAt - microsOf(10 * WIRE_BYTES, 100 * MBIT_BPS))).toBeLessThan(1)
    const goOn = (): void => {
      from += sender.multicast(GROUP, PORT, run, from)
      if (from < 25) sender.at(sender.sendRoomAt + 1, goOn)
    }
    sender.at(sender.sendRoomAt + 1, goOn)
    network.scheduler.run()
    expect(ear.heard.flatMap(({ pieces }) => pieces)).toEqual([0, 10, 10, 20, 20, 25])
  })

  it('drops the tail that its queue cannot hold', () => {
    const network = new Network(1)
    const sender = addProcess(network, { upBps: GBIT_BPS })
    const narrow = addEar(network, { downBps: 100 * MBIT_BPS, downQueueBytes: 64 * KIB })
    const wide = addEar(network, { downBps: GBIT_BPS, downQueueBytes: 64 * KIB })
    sender.multicast(GROUP, PORT, datagrams(150))
    network.scheduler.run()
    // While 150 arrive at ten times the rate, a tenth of them leaves; the queue holds the rest.
    const fits = Math.floor((64 * KIB) / WIRE_BYTES) + 15
    expect(Math.abs(narrow.count() - fits)).toBeLessThanOrEqual(1)
    expect(narrow.host.down.droppedFrames).toBe(150 - narrow.count())
    expect(narrow.heard[0].pieces[0]).toBe(0)
    expect([wide.count(), wide.host.down.droppedFrames]).toEqual([150, 0])
  })

  it('delivers its own rate of a flood, for as long as the flood lasts', () => {
    const network = new Network(1)
    const sender = addProcess(network, { upBps: GBIT_BPS })
    const narrow = addEar(network, { downBps: 100 * MBIT_BPS, downQueueBytes: 64 * KIB })
    blast(sender, network, 17, 1000, MILLIS)
    network.scheduler.run(SECONDS)
    const mbps = (narrow.count() * WIRE_BYTES * 8) / 1e6
    expect(mbps).toBeGreaterThan(99.5)
    expect(mbps).toBeLessThan(100.6)
  })
})

describe('multicast', () => {
  it('reaches who joined that group and port, and names its source', () => {
    const network = new Network(1)
    const ears = Array.from({ length: 4 }, () => addEar(network))
    const [sender, left, deaf, hearing] = ears
    left.process.leave(GROUP, PORT)
    deaf.host.multicast = false
    const stranger = addProcess(network, {})
    const strange: string[] = []
    stranger.join(GROUP, PORT + 1, () => strange.push('port'))
    stranger.join('224.0.67.68', PORT, () => strange.push('group'))
    sender.process.multicast(GROUP, PORT, new Run(1, 300, { type: 'announce' }))
    network.scheduler.run()
    expect(ears.map(ear => ear.count())).toEqual([0, 0, 0, 1])
    expect(strange).toEqual([])
    expect(hearing.heard[0].source).toBe(sender.host.address)
    expect(hearing.heard[0].run.payload).toEqual({ type: 'announce' })
  })

  it('is gone for a process that was killed before it came', () => {
    const network = new Network(1)
    const sender = addProcess(network, {})
    const ear = addEar(network)
    sender.multicast(GROUP, PORT, datagrams(1))
    network.crash(ear.process)
    network.scheduler.run()
    expect(ear.count()).toBe(0)
  })

  it('stops at a cut and goes on when it is mended', () => {
    const network = new Network(1)
    const sender = addProcess(network, { upBps: GBIT_BPS })
    const [cut, whole] = [addEar(network), addEar(network)]
    blast(sender, network, 1, 10, 10 * MILLIS)
    network.scheduler.at(25 * MILLIS, () => network.cut(cut.host))
    network.scheduler.at(65 * MILLIS, () => network.mend(cut.host))
    network.scheduler.run()
    expect([cut.count(), whole.count()]).toEqual([6, 10])
  })
})

describe('loss', () => {
  const COUNT = 100_000

  function lose(loss: number): { network: Network; ears: Ear[]; lostIndexes: Set<number>[] } {
    const network = new Network(11)
    const sender = addProcess(network, { upBps: GBIT_BPS })
    const ears = Array.from({ length: 3 }, () => addEar(network, { lossUdp: loss }))
    for (let i = 0; i < COUNT / 100; i++)
      sender.at(2 * MILLIS * i, () => sender.multicast(GROUP, PORT, new Run(100, SIZE_BYTES, i)))
    network.scheduler.run()
    const lostIndexes = ears.map(({ heard }) => {
      const lost = new Set(Array.from({ length: COUNT }, (_, i) => i))
      for (const { run, pieces } of heard)
        for (let i = 0; i < pieces.length; i += 2)
          for (let at = pieces[i]; at < pieces[i + 1]; at++)
            lost.delete((run.payload as number) * 100 + at)
      return lost
    })
    return { network, ears, lostIndexes }
  }

  it('takes its share of each host, all of it accounted for', () => {
    const { ears, lostIndexes } = lose(0.01)
    // Five standard deviations of a binomial count: 5 * sqrt(100000 * 0.01 * 0.99) = 157.
    for (const lost of lostIndexes) expect(Math.abs(lost.size - 1000)).toBeLessThan(157)
    ears.forEach((ear, i) => {
      expect(ear.host.loss.lostDatagrams).toBe(lostIndexes[i].size)
      expect(ear.count() + lostIndexes[i].size).toBe(COUNT)
    })
  })

  it('hits hosts, and neighbours in a run, independently', () => {
    const [a, b] = lose(0.05).lostIndexes
    // Expected 0.05² of 100,000 = 250, five standard deviations are 79.
    expect(Math.abs([...a].filter(i => b.has(i)).length - 250)).toBeLessThan(79)
    expect(Math.abs([...a].filter(i => a.has(i + 1)).length - 250)).toBeLessThan(79)
  })

  it('costs one event per run and host, however many datagrams there are', () => {
    const { network } = lose(0.01)
    const runs = COUNT / 100
    expect(network.scheduler.events).toBeLessThanOrEqual(runs * (1 + 2 + 3))
  })

  it('takes everything in a blackout, and nothing outside of it', () => {
    const network = new Network(1)
    const sender = addProcess(network, { upBps: GBIT_BPS, delayMicros: 0 })
    const [dark, bright] = [addEar(network, { delayMicros: 0 }), addEar(network)]
    dark.host.loss.blackout({ from: 200 * MILLIS, to: 700 * MILLIS, of: 'udp' })
    blast(sender, network, 10, 100, 10 * MILLIS)
    network.scheduler.run()
    expect([dark.count(), bright.count()]).toEqual([500, 1000])
    expect(dark.host.loss.lostDatagrams).toBe(500)
    const inside = dark.heard.filter(({ at }) => at >= 200 * MILLIS && at < 700 * MILLIS)
    expect(inside).toEqual([])
  })
})

describe('a host', () => {
  it('that is stopped keeps what its socket buffer holds, and its timers wait', () => {
    const network = new Network(1)
    const sender = addProcess(network, { upBps: GBIT_BPS })
    const ear = addEar(network, { socketDatagrams: 256 })
    const woken: number[] = []
    ear.process.at(50 * MILLIS, () => woken.push(network.scheduler.now))
    ear.host.pause()
    blast(sender, network, 10, 100, MILLIS)
    network.scheduler.run(SECONDS)
    expect([ear.count(), woken]).toEqual([0, []])
    ear.host.resume()
    network.scheduler.run()
    expect([ear.count(), ear.host.kernelDrops]).toEqual([256, 744])
    expect(woken).toEqual([SECONDS])
    blast(sender, network, 10, 1, MILLIS)
    network.scheduler.run()
    expect(ear.count()).toBe(266)
  })

  it('that reads slowly hears at its own rate, and its kernel drops the rest', () => {
    const network = new Network(1)
    const sender = addProcess(network, { upBps: GBIT_BPS })
    const ear = addEar(network, { datagramsPerSecond: 5_000, socketDatagrams: 500 })
    blast(sender, network, 10, 1000, MILLIS)
    network.scheduler.run()
    const kept = ear.count()
    expect(Math.abs(kept - (5_000 + 500))).toBeLessThan(20)
    expect(ear.host.kernelDrops).toBe(10_000 - kept)
    expect(ear.heard[ear.heard.length - 1].at).toBeGreaterThan((kept / 5_000) * SECONDS)
  })
})

describe('a disk', () => {
  it('does one order after the other, at its rate each way, and can stall', () => {
    const scheduler = new Scheduler()
    const disk = new Disk(scheduler, { readBps: 800e6, writeBps: 80e6, latencyMicros: 5000 })
    const done: Record<string, number> = {}
    const note = (name: string) => () => (done[name] = scheduler.now)
    disk.write(1_000_000, note('write'))
    disk.read(1_000_000, note('read'))
    expect(disk.waitingBytes).toBe(1_000_000)
    scheduler.run()
    expect([disk.waitingBytes, disk.writtenBytes, disk.readBytes]).toEqual([0, 1e6, 1e6])
    disk.stall(SECONDS)
    disk.write(1_000_000, note('stalled'))
    const from = scheduler.now
    scheduler.run()
    const lateness = [
      done.write - 105 * MILLIS,
      done.read - 115 * MILLIS,
      done.stalled - from - 1105 * MILLIS,
    ]
    // Orders that end together may be told together, a moment later.
    for (const late of lateness) expect(late >= 0 && late <= 2 * MILLIS).toBe(true)
  })
})
