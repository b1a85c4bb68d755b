// A bench as JSON in the shape of iperf3, so that what reads that reads this: intervals with their
// streams and sum, and the end with one stream for each that was sent or received.

import type { BenchRow, Figures, Sent } from '../../engine/bench/api.js'
import { bandwidthOf } from './iperf.js'

/** One stream in one interval, or in the whole test, in iperf3's words. */
export interface Stream {
  readonly socket: number
  readonly start: number
  readonly end: number
  readonly seconds: number
  readonly bytes: number
  readonly bits_per_second: number
  readonly sender: boolean
  readonly omitted: false
  /** Absent, as all that follows from it, where TCP moved the bytes. */
  readonly packets?: number
  readonly jitter_ms?: number
  readonly lost_packets?: number
  readonly lost_percent?: number
  readonly out_of_order?: number
  readonly duplicates?: number
  readonly host?: string
  readonly group?: string
}

export function sentStream(socket: number, sent: Sent): Stream {
  const { bytes, datagrams, startMicros, endMicros, group } = sent
  return {
    ...moved(socket, bytes, startMicros, endMicros),
    packets: datagrams,
    sender: true,
    group,
  }
}

export function heardStream(
  socket: number,
  figures: Figures,
  where: { readonly host: string; readonly group: string },
): Stream {
  const { receivedBytes, startMicros, endMicros, lost, total, outOfOrder, duplicates } = figures
  const stream = { ...moved(socket, receivedBytes, startMicros, endMicros), sender: false }
  if (isTcp(figures)) return { ...stream, ...where }
  return {
    ...stream,
    packets: total,
    jitter_ms: figures.jitterMicros / 1000,
    lost_packets: lost,
    lost_percent: total === 0 ? 0 : (100 * lost) / total,
    out_of_order: outOfOrder,
    duplicates,
    ...where,
  }
}

/** Both ends of one TCP connection; `sender` in each says, as in iperf3, which of them we are. */
export interface Ends {
  readonly sender: Stream
  readonly receiver: Stream
}

/** Who sends hears from each receiver what came; 0 from one that did not tell. */
export function endsOf(rows: readonly BenchRow[]): Ends[] {
  return rows.flatMap(({ host, group, sent, figures }, at) => {
    if (sent === undefined) return []
    const { receivedBytes = 0, endMicros = 0 } = figures ?? {}
    const socket = at + 1
    const { startMicros } = sent
    const came = moved(socket, receivedBytes, startMicros, startMicros + endMicros)
    const sender = { ...moved(socket, sent.bytes, startMicros, sent.endMicros), sender: true }
    return { sender: { ...sender, host, group }, receiver: { ...came, sender: true, host, group } }
  })
}

export function rowStreams(rows: readonly BenchRow[], first: number): Stream[] {
  return rows.flatMap(({ figures, host, group }, at) =>
    figures === undefined ? [] : [heardStream(first + at, figures, { host, group })],
  )
}

/** The same stream, which began so much later than the test. */
export function later(stream: Stream, seconds: number): Stream {
  return { ...stream, start: stream.start + seconds, end: stream.end + seconds }
}

/** Streams of the same interval side by side, each interval with its sum. */
export function intervalsOf(streams: readonly Stream[], intervalSeconds: number): object[] {
  const together = new Map<number, Stream[]>()
  for (const stream of streams) {
    const key = Math.round(stream.start / intervalSeconds)
    together.set(key, [...(together.get(key) ?? []), stream])
  }
  return [...together.values()].map(each => ({ streams: each, sum: sumOf(each) }))
}

/**
 * Who received adds up what came. Who sent one stream to many by multicast divides that sum by their
 * number: `copies` is how often each stream was received.
 */
export function endOf(sent: readonly Stream[], heard: readonly Stream[], copies = 1): object {
  return {
    streams: [...sent, ...heard].map(streamOf),
    ...sumsOf(sent, heard, copies),
  }
}

/** The same of TCP connections that we sent on. */
export function endOfTcp(ends: readonly Ends[]): object {
  const sent = ends.map(({ sender }) => sender)
  const heard = ends.map(({ receiver }) => receiver)
  return { streams: ends, ...sumsOf(sent, heard, 1) }
}

/** What left is not told to who receives by TCP: 0, as iperf3's server says it. */
function streamOf(stream: Stream): Ends | { readonly udp: Stream } {
  if (stream.packets !== undefined) return { udp: stream }
  return { sender: { ...stream, bytes: 0, bits_per_second: 0 }, receiver: stream }
}

function sumsOf(sent: readonly Stream[], heard: readonly Stream[], copies: number): object {
  return {
    sum: heard.length > 0 ? sumOf(heard, copies) : sumOf(sent),
    ...(sent.length > 0 && { sum_sent: sumOf(sent) }),
    ...(heard.length > 0 && { sum_received: sumOf(heard, copies) }),
  }
}

function sumOf(streams: readonly Stream[], copies = 1): object {
  const end = Math.max(0, ...streams.map(each => each.end))
  const start = streams.length === 0 ? 0 : Math.min(...streams.map(each => each.start))
  const bytes = streams.reduce((sum, each) => sum + each.bytes, 0) / copies
  const isTcp = streams.length > 0 && streams.every(({ packets }) => packets === undefined)
  return {
    start,
    end,
    seconds: end - start,
    bytes: Math.round(bytes),
    bits_per_second: bandwidthOf(bytes, 1e6 * busySeconds(streams)),
    ...(!isTcp && datagramsOf(streams, copies)),
    sender: streams.every(each => each.sender),
  }
}

function datagramsOf(streams: readonly Stream[], copies: number): object {
  const add = (of: (stream: Stream) => number | undefined) =>
    streams.reduce((sum, each) => sum + (of(each) ?? 0), 0)
  const [packets, lost] = [add(each => each.packets), add(each => each.lost_packets)]
  return {
    jitter_ms: streams.length === 0 ? 0 : add(each => each.jitter_ms) / streams.length,
    lost_packets: Math.round(lost / copies),
    packets: Math.round(packets / copies),
    lost_percent: packets === 0 ? 0 : (100 * lost) / packets,
  }
}

/** Bytes came and no datagrams. */
function isTcp({ total, receivedBytes }: Figures): boolean {
  return total === 0 && receivedBytes > 0
}

/** How long at least one of them moved: side by side they add up, one after the other they do not. */
function busySeconds(streams: readonly Stream[]): number {
  let [until, seconds] = [Number.NEGATIVE_INFINITY, 0]
  for (const { start, end } of [...streams].sort((a, b) => a.start - b.start)) {
    seconds += Math.max(0, end - Math.max(start, until))
    until = Math.max(until, end)
  }
  return seconds
}

function moved(socket: number, bytes: number, startMicros: number, endMicros: number) {
  const [start, end] = [startMicros / 1e6, endMicros / 1e6]
  return {
    socket,
    start,
    end,
    seconds: end - start,
    bytes,
    bits_per_second: bandwidthOf(bytes, endMicros - startMicros),
    omitted: false as const,
  }
}
