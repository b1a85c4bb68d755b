// What the seeds compute instead of measuring: transfer times by document 000, section 6.1.1.1, and
// how many packets wait at a line that is so full (document 004, figure 1, by queueing theory).
// Bytes, bytes per second, seconds.

export interface Transfer {
  readonly fileBytes: number
  readonly bytesPerSecond: number
}

/** The file and the line of 000's analysis; its chunk. */
export const GIBIBYTE: Transfer = { fileBytes: 1_073_741_824, bytesPerSecond: 12_500_000 }
export const CHUNK_BYTES = 262_144

/** One receiver after the other. */
export function serialSeconds({ fileBytes, bytesPerSecond }: Transfer, receivers: number): number {
  return (receivers * fileBytes) / bytesPerSecond
}

/** All at once, however many. */
export function multicastSeconds({ fileBytes, bytesPerSecond }: Transfer): number {
  return fileBytes / bytesPerSecond
}

/** Whole files: the i-th receiver is served by all i who have the file. */
export function unchunkedSeconds(
  { fileBytes, bytesPerSecond }: Transfer,
  receivers: number,
): number {
  let seconds = 0
  for (let i = 1; i <= receivers; i++) seconds += fileBytes / (i * bytesPerSecond)
  return seconds
}

/** A chain, each passing on a chunk as soon as it has it. */
export function chunkedSeconds(
  { fileBytes, bytesPerSecond }: Transfer,
  receivers: number,
  chunkBytes = CHUNK_BYTES,
): number {
  return (chunkBytes * (fileBytes / chunkBytes + receivers - 1)) / bytesPerSecond
}

/** Whole files where lines hold both ways: whoever has the file serves one other, in rounds. */
export function doublingSeconds(
  { fileBytes, bytesPerSecond }: Transfer,
  receivers: number,
): number {
  return (Math.ceil(Math.log2(receivers + 1)) * fileBytes) / bytesPerSecond
}

/** Packets that wait, beside the one on the wire, when packets come at random: all of one size. */
export function waitingOfEqual(utilisation: number): number {
  return utilisation ** 2 / (2 * (1 - utilisation))
}

/** The same for sizes that vary exponentially. */
export function waitingOfVaried(utilisation: number): number {
  return utilisation ** 2 / (1 - utilisation)
}
