// Assertions are for our own bugs only. Remote input is counted and dropped, never asserted.

/** Throws when `condition` is false: the program is wrong and must not go on. */
export function assert(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${what}`)
}
