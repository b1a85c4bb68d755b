// Quantities as iperf 2 reads and prints them, so that whoever knows it needs no manual: a small
// letter is decimal and a capital binary (`200m` is 200·10⁶, `200M` 200·2²⁰), in rates as in
// amounts; transfers are printed in binary bytes, bandwidths in decimal bits.

import { Mcp2pError } from '../../core/base/errors.js'
import type { Figures } from '../../engine/bench/api.js'
import { printable } from './text.js'
import { parseRate, parseSize } from './units.js'

const FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
}

/** `200M` → bits per second; units of this program's own, like `200Mbit`, mean what they say. */
export function parseBandwidth(text: string): number {
  const value = amountOf(text)
  if (value !== undefined) return value
  if (/bit/i.test(text)) return parseRate(text)
  const hint = 'Write it as 200M, or 200m for powers of ten, or 200Mbit.'
  throw new Mcp2pError('USAGE', 'usage', `"${printable(text)}" is not a rate`, hint)
}

/** `1G` → bytes; `1GiB` and the like as everywhere else. */
export function parseAmount(text: string): number {
  const value = amountOf(text)
  if (value !== undefined) return value
  if (/i?B$/.test(text)) return parseSize(text)
  const hint = 'Write it as 1G, or 1g for powers of ten, or 1GiB.'
  throw new Mcp2pError('USAGE', 'usage', `"${printable(text)}" is no number of bytes`, hint)
}

/** `10` or `0.5` → milliseconds; `10s` as everywhere else is read elsewhere. */
export function parseSeconds(text: string): number | undefined {
  return /^\d+(\.\d+)?$/.test(text) ? Math.round(Number(text) * 1000) : undefined
}

function amountOf(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([kmgKMG]?)[bB]?$/.exec(text)
  if (match === null) return undefined
  const value = Math.round(Number(match[1]) * FACTORS[match[2]])
  if (Number.isSafeInteger(value)) return value
  throw new Mcp2pError(
    'USAGE',
    'usage',
    `"${printable(text)}" is too large`,
    'Write it as 200M or 1G.',
  )
}

/** `1.25 MBytes`. */
export function formatTransfer(bytes: number): string {
  return scaled(bytes, 1024, ['Bytes', 'KBytes', 'MBytes', 'GBytes', 'TBytes'])
}

/** `10.5 Mbits/sec`. */
export function formatBandwidth(rateBps: number): string {
  return scaled(rateBps, 1000, ['bits/sec', 'Kbits/sec', 'Mbits/sec', 'Gbits/sec', 'Tbits/sec'])
}

/** `0.0000-1.0000 sec`. */
export function formatInterval(startMicros: number, endMicros: number): string {
  return `${(startMicros / 1e6).toFixed(4)}-${(endMicros / 1e6).toFixed(4)} sec`
}

/** `272/730436 (0.037%)`. */
export function formatLost({ lost, total }: Figures): string {
  const percent = total === 0 ? 0 : (100 * lost) / total
  return `${lost}/${total} (${Number(percent.toPrecision(2))}%)`
}

/** `0.139 ms`. */
export function formatJitter({ jitterMicros }: Figures): string {
  return `${(jitterMicros / 1000).toFixed(3)} ms`
}

/** Bits per second; 0 where no time passed. */
export function bandwidthOf(bytes: number, micros: number): number {
  return micros > 0 ? (8e6 * bytes) / micros : 0
}

function scaled(value: number, base: number, units: readonly string[]): string {
  let at = 0
  while (value >= base && at < units.length - 1) {
    value /= base
    at++
  }
  const digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0
  return `${value.toFixed(digits).padStart(4)} ${units[at]}`
}
