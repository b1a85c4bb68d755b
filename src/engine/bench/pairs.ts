// What multicast is compared with: the same amount to each receiver by a TCP connection of its own,
// to one after the other or to all at once.

import type { Socket } from 'node:net'
import type { BenchRow, Sent } from './api.js'
import type { Collector } from './collector.js'

const PIECE = new Uint8Array(256 * 1024)
const PATIENCE_MILLIS = 5000

export interface PairsOptions {
  readonly collector: Collector
  readonly group: string
  readonly run: number
  readonly order: 'serial' | 'parallel'
  readonly micros: number
  readonly bytes: number | undefined
  readonly signal: AbortSignal
}

type Pair = BenchRow & { readonly sent: Sent }

export async function pairs(options: PairsOptions): Promise<{ sent: Sent; receivers: Pair[] }> {
  const { collector, group, order } = options
  const keys = collector.keys
  const begin = performance.now()
  const micros = (): number => 1000 * (performance.now() - begin)
  const receivers: Pair[] = []
  const serve = async (key: string): Promise<void> => {
    const socket = await collector.stream(key, options.run, PATIENCE_MILLIS)
    const startMicros = micros()
    const bytes = socket === undefined ? 0 : await pour(socket, options)
    const sent = { group, datagrams: 0, bytes, startMicros, endMicros: micros() }
    const row = await collector.taken(key, options.run, PATIENCE_MILLIS)
    receivers.push({ ...row, group, sent })
  }
  if (order === 'parallel') await Promise.all(keys.map(serve))
  else
    for (const key of keys) {
      if (options.signal.aborted) break
      await serve(key)
    }
  const bytes = receivers.reduce((sum, { sent }) => sum + sent.bytes, 0)
  const sent = { group, datagrams: 0, bytes, startMicros: 0, endMicros: micros() }
  return { sent, receivers }
}

/** Writes for so long, or so many bytes; resolves with those that the kernel took. */
function pour(socket: Socket, { micros, bytes = Infinity, signal }: PairsOptions): Promise<number> {
  return new Promise(resolve => {
    const begin = performance.now()
    let left = bytes
    const next = (): void => {
      const isOver = 1000 * (performance.now() - begin) >= micros && bytes === Infinity
      if (left <= 0 || isOver || signal.aborted || !socket.writable) return void socket.end()
      const piece = left < PIECE.length ? PIECE.subarray(0, left) : PIECE
      left -= piece.length
      socket.write(piece, next)
    }
    socket.once('close', () => resolve(socket.bytesWritten))
    if (socket.destroyed) resolve(0)
    else next()
  })
}
