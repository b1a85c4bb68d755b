// The independent check: two trees, entry by entry, byte by byte, with nothing of the engine's. An
// error in our hashing or placing of blocks cannot hide here, because neither is used.

import type { Stats } from 'node:fs'
import { type FileHandle, lstat, open, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'

const stepBytes = 1 << 20

export interface Comparison {
  readonly files: number
  readonly folders: number
  readonly links: number
  readonly bytes: number
  /** One line per difference; empty when the trees are the same. */
  readonly differences: readonly string[]
}

type Differ = (what: string) => void

interface Tally {
  files: number
  folders: number
  links: number
  bytes: number
  readonly differences: string[]
}

/**
 * Compares names, kinds, permissions, link targets, empty folders and every byte. `ours` is what
 * should be, `theirs` what came; an entry of only one of them is a difference.
 */
export async function compareTrees(ours: string, theirs: string): Promise<Comparison> {
  const tally: Tally = { files: 0, folders: 0, links: 0, bytes: 0, differences: [] }
  await compareEntry(ours, theirs, '', tally)
  return tally
}

async function compareEntry(ours: string, theirs: string, path: string, tally: Tally) {
  const [mine, other] = await Promise.all([lstat(join(ours, path)), lstat(join(theirs, path))])
  const differ = (what: string) => tally.differences.push(`${path || '.'}: ${what}`)
  if ((mine.mode & 0o170000) !== (other.mode & 0o170000)) {
    differ('another kind of entry')
  } else if (mine.isSymbolicLink()) {
    tally.links++
    const [want, have] = await Promise.all([ours, theirs].map(root => readlink(join(root, path))))
    if (want !== have) differ(`points to ${have}, not ${want}`)
  } else if (mine.isDirectory()) {
    if (path !== '') tally.folders++
    const entries = await compareFolder(ours, theirs, path, tally)
    // A meta knows a folder by its files; only an empty one has an entry, and with it a mode.
    if (entries === 0) compareModes(mine, other, differ)
  } else {
    tally.files++
    tally.bytes += mine.size
    compareModes(mine, other, differ)
    if (mine.size !== other.size) differ(`${other.size} bytes, not ${mine.size}`)
    else await compareBytes(join(ours, path), join(theirs, path), differ)
  }
}

function compareModes(mine: Stats, other: Stats, differ: Differ) {
  const [want, have] = [mine.mode & 0o777, other.mode & 0o777]
  if (want !== have) differ(`mode ${have.toString(8)}, not ${want.toString(8)}`)
}

/** Resolves with how many entries our folder has. */
async function compareFolder(ours: string, theirs: string, path: string, tally: Tally) {
  const [mine, others] = await Promise.all([ours, theirs].map(root => readdir(join(root, path))))
  const there = new Set(others)
  for (const name of mine.sort()) {
    const below = join(path, name)
    if (there.delete(name)) await compareEntry(ours, theirs, below, tally)
    else tally.differences.push(`${below}: missing`)
  }
  for (const name of there) tally.differences.push(`${join(path, name)}: not in the source`)
  return mine.length
}

async function compareBytes(mine: string, other: string, differ: Differ) {
  const [a, b] = await Promise.all([open(mine), open(other)])
  try {
    const ours = Buffer.alloc(stepBytes)
    const theirs = Buffer.alloc(stepBytes)
    for (let offset = 0; ; ) {
      const [want, have] = await Promise.all([fill(a, ours, offset), fill(b, theirs, offset)])
      if (Buffer.compare(ours.subarray(0, want), theirs.subarray(0, have)) !== 0) {
        differ(`other bytes between ${offset} and ${offset + Math.max(want, have)}`)
        return
      }
      if (want < stepBytes) return
      offset += want
    }
  } finally {
    await Promise.all([a.close(), b.close()])
  }
}

/** Reads until the buffer is full or the file ends; a single read may give less. */
async function fill(file: FileHandle, into: Buffer, offset: number): Promise<number> {
  let got = 0
  while (got < into.length) {
    const { bytesRead } = await file.read(into, got, into.length - got, offset + got)
    if (bytesRead === 0) break
    got += bytesRead
  }
  return got
}
