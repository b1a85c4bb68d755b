// What this machine can do by itself, part by part: what a transfer does to each byte, one after the
// other, on one core as in a transfer, and which of them will be the narrowest.

import { connect } from 'node:net'
import { Worker } from 'node:worker_threads'
import { BLOCK_BYTES } from '../../core/base/limits.js'
import { emptyBenchHeader } from '../../core/bench/datagram.js'
import { ReedSolomon } from '../../core/fec/reed-solomon.js'
import { sha256 } from '../../io/disk/hasher.js'
import { diskSpeed } from '../../io/disk/trial.js'
import { fecKernel } from '../../io/native/fec.js'
import { interfacesOf, lineRates } from '../../io/net/interfaces.js'
import type { Outlet } from '../../io/net/outlet.js'
import { openGroup, openOutlet } from '../../io/net/sockets.js'
import { type Emit, Job } from '../events.js'
import { throwIfAborted } from '../interrupted.js'
import { hashTwin, udpTwin } from '../twins.js'
import type { BenchHostEvents, BenchHostOptions, BenchHostResult, HostPart } from './api.js'
import { Blast, batchOf } from './blast.js'

const PART_MILLIS = 2000
/** A symbol at MTU 1500, and a group's symbols and rows at a twelfth of parity. */
const SYMBOL_BYTES = 1366
const [DATA_ROWS, PARITY_ROWS] = [192, 16]
const LENGTH_BYTES = 1470
/** Nothing else uses them, and they never leave the machine. */
const [GROUP, PORT] = ['239.255.67.67', 5001]

export function benchHost(options: BenchHostOptions): Job<BenchHostEvents, BenchHostResult> {
  return new Job(emit => run(options, emit))
}

async function run(
  options: BenchHostOptions,
  emit: Emit<BenchHostEvents>,
): Promise<BenchHostResult> {
  const parts: HostPart[] = []
  const tell = (part: HostPart): void => {
    parts.push(part)
    emit('part', part)
  }
  const steps = [hash, fec, () => disk(options.folder), udpSend, udpReceive, tcp, lines]
  for (const step of steps) {
    throwIfAborted(options.signal)
    for (const part of await step()) tell(part)
    // Signals get their turn.
    await new Promise(setImmediate)
  }
  const narrowest = parts.reduce((least, each) => (each.rateBps < least.rateBps ? each : least))
  return { parts, narrowest }
}

/** Work on `bytes` over and over; bits per second. */
function speedOf(bytes: number, work: () => void): number {
  const begin = performance.now()
  let times = 0
  do {
    work()
    times++
  } while (performance.now() - begin < PART_MILLIS)
  return (8000 * bytes * times) / (performance.now() - begin)
}

function hash(): HostPart[] {
  const bytes = new Uint8Array(64 * BLOCK_BYTES)
  const into = new Uint8Array(64 * 32)
  const blocks = Array.from({ length: 64 }, (_, i) =>
    bytes.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES),
  )
  const rateBps = speedOf(bytes.length, () => {
    if (sha256.each) sha256.each(bytes, BLOCK_BYTES, into)
    else for (const block of blocks) sha256(block)
  })
  return [{ name: 'hash', rateBps, how: `SHA-256, ${hashTwin()}` }]
}

function fec(): HostPart[] {
  const kernel = fecKernel()
  const code = new ReedSolomon(kernel)
  const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)
  const symbols = (count: number) => ({
    slab: new Uint8Array(count * SYMBOL_BYTES).fill(0x5a),
    at: Int32Array.from(upTo(count), i => i * SYMBOL_BYTES),
  })
  const [data, parity] = [symbols(DATA_ROWS), symbols(PARITY_ROWS)]
  const [columns, rows] = [upTo(DATA_ROWS), upTo(PARITY_ROWS)]
  const rateBps = speedOf(DATA_ROWS * SYMBOL_BYTES, () =>
    code.encode(columns, data, rows, parity, SYMBOL_BYTES),
  )
  return [{ name: 'FEC', rateBps, how: `${PARITY_ROWS} rows to ${DATA_ROWS}, ${kernel.name}` }]
}

async function disk(folder: string): Promise<HostPart[]> {
  const { writeBps, readBps } = await diskSpeed(folder, PART_MILLIS)
  return [
    { name: 'disk write', rateBps: writeBps, how: 'one file, synced at the end' },
    { name: 'disk read', rateBps: readBps, how: 'of what was just written, so mostly memory' },
  ]
}

function openLoopback(): Promise<Outlet> {
  const [{ address, name }] = interfacesOf('127.0.0.1', 4)
  return openOutlet({
    group: GROUP,
    ttl: 0,
    address,
    interfaceName: name,
    datagramBytes: LENGTH_BYTES,
    slots: 2 * batchOf(LENGTH_BYTES),
  })
}

async function udpSend(): Promise<HostPart[]> {
  const outlet = await openLoopback()
  try {
    const { bytes, endMicros } = await Blast.run({
      outlet,
      group: GROUP,
      port: PORT,
      header: emptyBenchHeader(),
      run: {
        rateBps: Infinity,
        lengthBytes: LENGTH_BYTES,
        micros: PART_MILLIS * 1000,
        datagrams: Infinity,
      },
      intervalMicros: Infinity,
      onInterval: () => {},
      signal: new AbortController().signal,
    })
    const how = `loopback, ${LENGTH_BYTES} bytes, ${udpTwin()}`
    return [{ name: 'UDP send', rateBps: (8e6 * bytes) / endMicros, how }]
  } finally {
    await outlet.close()
  }
}

/** What a batch that waits in the socket takes to be read; sending it does not count. */
async function udpReceive(): Promise<HostPart[]> {
  let heard = 0
  const group = await openGroup({
    group: GROUP,
    port: PORT,
    interfaces: interfacesOf('127.0.0.1', 4),
    onDatagram: () => {
      heard++
    },
  })
  const outlet = await openLoopback()
  try {
    const batch = batchOf(LENGTH_BYTES)
    const begin = performance.now()
    let millis = 0
    while (performance.now() - begin < PART_MILLIS) {
      for (let i = 0; i < batch; i++) {
        outlet.slot()
        outlet.send(LENGTH_BYTES, PORT)
      }
      outlet.flush()
      const wanted = heard + batch
      const start = performance.now()
      group.look()
      // Where node reads by itself, it does so in the loop's next turns.
      while (heard < wanted && performance.now() - start < 20) await new Promise(setImmediate)
      millis += performance.now() - start
    }
    const rateBps = (8000 * heard * LENGTH_BYTES) / millis
    return [{ name: 'UDP receive', rateBps, how: `loopback, ${LENGTH_BYTES} bytes` }]
  } finally {
    await outlet.close()
    await group.close()
  }
}

async function tcp(): Promise<HostPart[]> {
  const sink = new Worker(new URL('./tcp-sink.js', import.meta.url))
  try {
    const port = await new Promise<number>((resolve, reject) => {
      sink.once('message', resolve)
      sink.once('error', reject)
    })
    const piece = new Uint8Array(256 * 1024)
    const rateBps = await new Promise<number>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port })
      socket.once('error', reject)
      let begin = 0
      const pump = (): void => {
        const millis = performance.now() - begin
        if (millis >= PART_MILLIS) {
          resolve((8000 * (socket.bytesWritten - socket.writableLength)) / millis)
          socket.destroy()
        } else socket.write(piece, pump)
      }
      socket.once('connect', () => {
        begin = performance.now()
        pump()
      })
    })
    return [{ name: 'TCP', rateBps, how: 'loopback, one connection' }]
  } finally {
    await sink.terminate()
  }
}

/** What the cards say that their lines carry. */
function lines(): HostPart[] {
  return lineRates().map(({ name, rateBps }) => ({
    name: `line ${name}`,
    rateBps,
    how: 'as its card says, not measured',
  }))
}
