// One contract for both twins of the multicast sockets: what is sent is what is heard, each datagram
// whole, from the right address, and readable until the pause that follows it.

import { randomInt } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { loadNative } from '../../../src/io/native/load.js'
import type { Group, GroupOptions } from '../../../src/io/net/group.js'
import { BatchGroup } from '../../../src/io/net/group-batch.js'
import { DgramGroup } from '../../../src/io/net/group-dgram.js'
import type { Interface } from '../../../src/io/net/interfaces.js'
import type { Outlet, OutletOptions } from '../../../src/io/net/outlet.js'
import { BatchOutlet } from '../../../src/io/net/outlet-batch.js'
import { DgramOutlet } from '../../../src/io/net/outlet-dgram.js'

const { udp, why } = loadNative()
const loopback: Interface = { name: 'lo', address: '127.0.0.1', internal: true }
const datagramBytes = 1398
const open: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const socket of open.splice(0)) await socket.close()
})

interface Twin {
  readonly group: (options: GroupOptions) => Promise<Group>
  readonly outlet: (options: OutletOptions) => Promise<Outlet>
}

const twins: Readonly<Record<string, Twin>> = {
  dgram: { group: DgramGroup.open, outlet: DgramOutlet.open },
  ...(udp && {
    batch: {
      group: async options => BatchGroup.open(options, udp),
      outlet: async options => BatchOutlet.open(options, udp),
    },
  }),
}

// A machine without a compiler has one twin only: the count of skipped tests must say so.
if (udp === undefined) it.skip(`native batches: ${why}`, () => {})

interface Heard {
  readonly bytes: Uint8Array
  readonly source: string
  readonly ageMicros: number
}

/** Keeps no copy before the pause, as the real listener does. */
async function listen(twin: Twin, group: string, port: number, heard: Heard[]): Promise<Group> {
  const unread: [Uint8Array, number, number, string, number][] = []
  const socket = await twin.group({
    group,
    port,
    interfaces: [loopback],
    onDatagram: (...datagram) => unread.push(datagram),
    onPause: () => {
      const now = performance.now() * 1000
      for (const [bytes, at, length, source, arrivedMicros] of unread.splice(0))
        heard.push({ bytes: bytes.slice(at, at + length), source, ageMicros: now - arrivedMicros })
    },
  })
  open.push(socket)
  return socket
}

async function speak(twin: Twin, group: string): Promise<Outlet> {
  const outlet = await twin.outlet({
    group,
    ttl: 0,
    address: loopback.address,
    interfaceName: loopback.name,
    datagramBytes,
    slots: 256,
  })
  open.push(outlet)
  return outlet
}

function put(outlet: Outlet, serial: number, bytes: number, port: number): void {
  const slot = outlet.slot()
  slot.fill(serial & 255, 0, bytes)
  new DataView(slot.buffer, slot.byteOffset).setUint32(0, serial)
  outlet.send(bytes, port)
}

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !holds(); i++) await new Promise(resolve => setTimeout(resolve, 10))
}

const somewhere = (): [string, number] => [
  `224.0.67.${randomInt(70, 250)}`,
  randomInt(30_000, 32_000),
]

describe.each(Object.entries(twins))('%s', (name, twin) => {
  it('hears every datagram whole, in order, until the pause', async () => {
    const [group, port] = somewhere()
    const heard: Heard[] = []
    await listen(twin, group, port, heard)
    const outlet = await speak(twin, group)
    const sizes: number[] = []
    for (let round = 0; round < 12; round++) {
      for (let i = 0; i < 200; i++) {
        // Long runs of full ones, short ones in between and at the end, as a blast has them.
        const bytes = i % 61 === 60 || i % 97 === 7 ? 40 + i : datagramBytes
        put(outlet, sizes.length, bytes, port)
        sizes.push(bytes)
      }
      outlet.flush()
      await until(() => heard.length === sizes.length)
    }
    expect(heard.map(({ bytes }) => bytes.length)).toEqual(sizes)
    heard.forEach(({ bytes, source, ageMicros }, serial) => {
      expect(source).toBe('127.0.0.1')
      expect(ageMicros).toBeGreaterThanOrEqual(-1000)
      expect(ageMicros).toBeLessThan(2_000_000)
      expect(new DataView(bytes.buffer).getUint32(0)).toBe(serial)
      expect(bytes.subarray(4).every(byte => byte === (serial & 255))).toBe(true)
    })
    expect(outlet.sent).toBe(sizes.length)
  })

  it('sends a datagram by itself that may not be cut, or does not send it at all', async () => {
    const [group, port] = somewhere()
    const heard: Heard[] = []
    await listen(twin, group, port, heard)
    const outlet = await speak(twin, group)
    outlet.slot().fill(7, 0, datagramBytes)
    outlet.sendWhole(datagramBytes, port)
    put(outlet, 1, 100, port)
    outlet.flush()
    await until(() => heard.some(({ bytes }) => bytes.length === 100))
    // Node cannot forbid the cutting.
    const whole = name === 'dgram' ? [] : [datagramBytes]
    expect(heard.map(({ bytes }) => bytes.length)).toEqual([...whole, 100])
  })

  it('sends to the port that each datagram names', async () => {
    const [group, port] = somewhere()
    const here: Heard[] = []
    const there: Heard[] = []
    await listen(twin, group, port, here)
    await listen(twin, group, port + 1, there)
    const outlet = await speak(twin, group)
    for (let i = 0; i < 6; i++) put(outlet, i, 100, port + (i % 3 === 0 ? 0 : 1))
    outlet.flush()
    await until(() => here.length === 2 && there.length === 4)
    const serials = (heard: Heard[]) =>
      heard.map(({ bytes }) => new DataView(bytes.buffer).getUint32(0))
    expect([serials(here), serials(there)]).toEqual([
      [0, 3],
      [1, 2, 4, 5],
    ])
  })

  it('hears again after it joined anew, and nothing after it closed', async () => {
    const [group, port] = somewhere()
    const heard: Heard[] = []
    const socket = await listen(twin, group, port, heard)
    const outlet = await speak(twin, group)
    socket.leave()
    socket.join()
    put(outlet, 1, 50, port)
    outlet.flush()
    await until(() => heard.length === 1)
    expect(socket.drops).toBe(0)
    await socket.close()
    put(outlet, 2, 50, port)
    outlet.flush()
    await new Promise(resolve => setTimeout(resolve, 60))
    expect(heard.length).toBe(1)
  })

  it('hears only the source that it joined', async () => {
    const [, port] = somewhere()
    const group = `232.0.67.${randomInt(70, 250)}`
    const counts: number[] = []
    for (const source of ['127.0.0.1', '127.0.0.9']) {
      const at = counts.push(0) - 1
      const onDatagram = () => counts[at]++
      open.push(await twin.group({ group, port, source, interfaces: [loopback], onDatagram }))
    }
    const outlet = await speak(twin, group)
    put(outlet, 1, 50, port)
    outlet.flush()
    await until(() => counts[0] === 1)
    expect(counts).toEqual([1, 0])
  })

  it('shares a port with its twins on one host', async () => {
    const [group, port] = somewhere()
    const all: Heard[][] = [[], [], []]
    for (const heard of all) await listen(twin, group, port, heard)
    const outlet = await speak(twin, group)
    put(outlet, 7, 60, port)
    outlet.flush()
    await until(() => all.every(heard => heard.length === 1))
    expect(all.map(heard => heard.length)).toEqual([1, 1, 1])
  })

  it('says what is wrong with a group that cannot be joined', async () => {
    const [, port] = somewhere()
    const nothing = { onDatagram: () => {}, port }
    const nowhere: Interface = { name: 'nothere0', address: '192.0.2.77', internal: false }
    const attempt = twin.group({ ...nothing, group: '224.0.67.77', interfaces: [nowhere] })
    await expect(attempt).rejects.toMatchObject({ code: 'NO_GROUP', exit: 'network' })
  })
})
