// What the process asks of those who run it, the engine of JavaScript and the machine's scheduler.
// native-notes has what each is worth.

import { constants, setPriority } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { longTurns } from '../../engine/twins.js'

/**
 * Optimised code somewhat later than it would come by itself: in a transfer's first second compilers
 * would take the time that the first datagrams need.
 */
export function compileLater(): void {
  setFlagsFromString('--interrupt-budget=300000')
}

/**
 * The heap of a transfer is small, and by itself it is swept whenever a few megabytes more were used:
 * thirty times in a transfer of half a gigabyte. It may grow to three times what lives in it.
 */
export function sweepRarely(): void {
  setFlagsFromString('--heap-growing-percent=200')
}

/** A meta of so many files makes a heap that is worth sweeping often. */
const MANY_FILES = 10_000

/**
 * With many files the heap grows by a third before it is swept, not to four times what lives in it:
 * they leave much garbage, and memory is what the other jobs of the machine want. With few, sweeping
 * often only takes time from the datagrams.
 */
export function keepHeapSmall(files: number): void {
  if (files < MANY_FILES) return
  setFlagsFromString('--heap-growing-percent=0')
  setFlagsFromString('--optimize-for-size')
}

/**
 * A blast is paced by a process that has to be woken within a millisecond or two; on a busy machine
 * it asks to come first. Without the right to ask it stays as it is.
 */
export function runPromptly(): void {
  try {
    setPriority(constants.priority.PRIORITY_ABOVE_NORMAL)
  } catch {
    // Only root may; the rate controller copes with late bursts, too.
  }
}

/**
 * What has arrived waits in the socket's buffer: a receiver lets the others of its machine go first,
 * a sender above all, and takes more at a time.
 */
export function runPatiently(): void {
  longTurns()
}
