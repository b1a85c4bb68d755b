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
  readonly packets: number
  readonly sender: boolean
  readonly omitted: false
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
  return {
    ...moved(socket, receivedBytes, startMicros, endMicros),
    packets: total,
    sender: false,
    jitter_ms: figures.jitterMicros / 1000,
    lost_packets: lost,
    lost_percent: total === 0 ? 0 : (100 * lost) / total,
    out_of_order: outOfOrder,
    duplicates,
    ...where,
  }
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
  const all = [...sent, ...heard]
  return {
    streams: all.map(udp => ({ udp })),
    sum: heard.length > 0 ? sumOf(heard, copies) : sumOf(sent),
    ...(sent.length > 0 && { sum_sent: sumOf(sent) }),
    ...(heard.length > 0 && { sum_received: sumOf(heard, copies) }),
  }
}

function sumOf(streams: readonly Stream[], copies = 1): object {
  const add = (of: (stream: Stream) => number) => streams.reduce((sum, each) => sum + of(each), 0)
  const packets = Math.round(add(each => each.packets) / copies)
  const lost = Math.round(add(each => each.lost_packets ?? 0) / copies)
  const end = Math.max(0, ...streams.map(each => each.end))
  const start = streams.length === 0 ? 0 : Math.min(...streams.map(each => each.start))
  return {
    start,
    end,
    seconds: end - start,
    bytes: Math.round(add(each => each.bytes) / copies),
    bits_per_second: bandwidthOf(add(each => each.bytes) / copies, 1e6 * busySeconds(streams)),
    jitter_ms: streams.length === 0 ? 0 : add(each => each.jitter_ms ?? 0) / streams.length,
    lost_packets: lost,
    packets,
    lost_percent:
      packets === 0 ? 0 : (100 * add(each => each.lost_packets ?? 0)) / add(each => each.packets),
    sender: streams.every(each => each.sender),
  }
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
