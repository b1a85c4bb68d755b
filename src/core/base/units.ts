// Names for the conversions that are easiest to get wrong by a factor of 8 or of 1000. The units of
// the program are microseconds, bytes and bits per second.

import type { Micros } from './machine.js'

export const MILLIS: Micros = 1000
export const SECONDS: Micros = 1_000_000

export const KIB = 1024
export const MIB = 1024 * KIB

/** Rates count in powers of ten, as lines and cards do. */
export const MBIT_BPS = 1_000_000
export const GBIT_BPS = 1_000_000_000

/** How long `sizeBytes` take at `rateBps`; 0 at an infinite rate. */
export function microsOf(sizeBytes: number, rateBps: number): Micros {
  return (sizeBytes * 8 * SECONDS) / rateBps
}

/** How many bytes pass in `micros` at `rateBps`, not rounded. */
export function bytesIn(micros: Micros, rateBps: number): number {
  return (micros * rateBps) / (8 * SECONDS)
}

/** The rate that moves `sizeBytes` in `micros`. */
export function bpsOf(sizeBytes: number, micros: Micros): number {
  return (sizeBytes * 8 * SECONDS) / micros
}
