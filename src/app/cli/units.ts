// Quantities as people write and read them. A rate, a size or a time without its unit is refused:
// `--rate 100` has cost somebody an afternoon in every tool that guessed. Rates are decimal bits,
// sizes binary or decimal bytes by their unit's own name.

import { Mcp2pError } from '../../core/base/errors.js'

type Units = ReadonlyMap<string, number>

/** Bits per second; the case of the letters does not matter, `/s` or `ps` may follow. */
const RATE_UNITS: Units = new Map([
  ['bit', 1],
  ['kbit', 1e3],
  ['mbit', 1e6],
  ['gbit', 1e9],
  ['tbit', 1e12],
])

/** Bytes. Case matters where it tells bits from bytes. */
const SIZE_UNITS: Units = new Map([
  ['B', 1],
  ['kB', 1e3],
  ['KB', 1e3],
  ['MB', 1e6],
  ['GB', 1e9],
  ['TB', 1e12],
  ['KiB', 2 ** 10],
  ['MiB', 2 ** 20],
  ['GiB', 2 ** 30],
  ['TiB', 2 ** 40],
])

/** Milliseconds. */
const TIME_UNITS: Units = new Map([
  ['ms', 1],
  ['s', 1e3],
  ['m', 60e3],
  ['min', 60e3],
  ['h', 3600e3],
  ['d', 86_400e3],
])

/** `900Mbit` → bits per second. Throws a usage error that says what to write. */
export function parseRate(text: string): number {
  const { number, unit } = split(text, 'rate', 'Mbit')
  return scaled(
    text,
    number,
    RATE_UNITS.get(unit.toLowerCase().replace(/(\/s|ps)$/, '')),
    RATE_HINT,
  )
}

/** `64KiB` → bytes. Throws a usage error that says what to write. */
export function parseSize(text: string): number {
  const { number, unit } = split(text, 'size', 'KiB')
  const known = SIZE_UNITS.get(unit) ?? SIZE_UNITS.get(unit.replace(/^([kmgt])ib$/, upperFirst))
  return scaled(text, number, known, SIZE_HINT)
}

/** `500ms` → milliseconds. Throws a usage error that says what to write. */
export function parseTime(text: string): number {
  const { number, unit } = split(text, 'time', 's')
  return scaled(text, number, TIME_UNITS.get(unit), TIME_HINT)
}

const RATE_HINT = 'Write a rate as 900Mbit or 1.5Gbit (bit, kbit, Mbit, Gbit, Tbit per second).'
const SIZE_HINT = 'Write a size as 64KiB or 1MiB (B, KiB, MiB, GiB, TiB, or kB, MB, GB, TB).'
const TIME_HINT = 'Write a time as 500ms, 30s, 5m or 2h.'

function split(text: string, what: string, unit: string): { number: string; unit: string } {
  const match = /^(\d+(?:\.\d+)?) ?([A-Za-z/]*)$/.exec(text)
  const hint = what === 'rate' ? RATE_HINT : what === 'size' ? SIZE_HINT : TIME_HINT
  if (match === null) throw usage(`"${text}" is not a ${what}`, hint)
  if (match[2] === '') {
    // Of nothing most have no use: it is no example.
    const example = `Write the ${what} with its unit, for example ${text}${unit}.`
    throw usage(`"${text}" has no unit`, Number(text) === 0 ? hint : example)
  }
  return { number: match[1], unit: match[2] }
}

function scaled(text: string, number: string, factor: number | undefined, hint: string): number {
  if (factor === undefined) throw usage(`"${text}" has an unknown unit`, hint)
  const value = Number(number) * factor
  if (!Number.isSafeInteger(Math.round(value))) throw usage(`"${text}" is too large`, hint)
  return Math.round(value)
}

function upperFirst(unit: string): string {
  return `${unit[0].toUpperCase()}iB`
}

function usage(message: string, hint: string): Mcp2pError {
  return new Mcp2pError('USAGE', 'usage', message, hint)
}

/** `61.2 GiB`; whole bytes below 1 KiB. */
export function formatBytes(bytes: number): string {
  return scaledText(bytes, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'])
}

/** `941 Mbit/s`. */
export function formatRate(rateBps: number): string {
  return scaledText(rateBps, 1000, ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s'])
}

/** `4.2s`, `1m 03s`, `2h 05m`, `3d 04h`: two figures that matter. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '–'
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole}s`
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`
  const minutes = Math.round(whole / 60)
  if (minutes < 1440) return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`
  const hours = Math.round(minutes / 60)
  return `${Math.floor(hours / 24)}d ${two(hours % 24)}h`
}

/** `73%` of a fraction 0…1, rounded down, so that 100% means all of it. */
export function formatPercent(fraction: number): string {
  return `${Math.floor(Math.min(1, Math.max(0, fraction)) * 100 + 1e-9)}%`
}

/** `0.3%` of a loss 0…1, one decimal. */
export function formatLoss(fraction: number): string {
  return `${(fraction * 100).toFixed(1)}%`
}

/** Three figures at most, in the unit that gives at least one before the point. */
function scaledText(value: number, base: number, units: readonly string[]): string {
  let scaled = Math.max(0, value)
  let at = 0
  // 999.5 would be shown as 1000: the next unit is the shorter one.
  while (at < units.length - 1 && scaled >= (at === 0 ? base : 999.5)) {
    scaled /= base
    at++
  }
  if (at === 0) return `${Math.round(scaled)} ${units[0]}`
  const digits = scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0
  return `${scaled.toFixed(digits)} ${units[at]}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
