// A transfer in words: name, size and id. Both ends say it alike, so that two people on the phone
// can compare what they see.

import { printable } from '../text.js'
import { formatBytes } from '../units.js'

export interface SessionFacts {
  readonly id: string
  readonly name: string
  readonly totalBytes: number
  readonly files: number
}

/** `photos, 1.20 GiB in 512 files, id 6f3a…`; the id whole, because it can be copied. */
export function sessionText({ id, name, totalBytes, files }: SessionFacts): string {
  return `${printable(name)}, ${formatBytes(totalBytes)} in ${filesText(files)}, id ${id}`
}

export function filesText(files: number): string {
  return files === 1 ? '1 file' : `${files} files`
}
