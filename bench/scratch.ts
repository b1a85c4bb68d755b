// A folder for megabytes that nobody keeps: on tmpfs where it has room, so that no disk is
// measured, else in the system's temporary folder. It goes when the process does.

import { rmSync, statfsSync } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const live = new Set<string>()

/** Makes a folder where `bytes` fit; rejects with what is missing when they fit nowhere. */
export async function scratchFolder(bytes: number): Promise<string> {
  if (live.size === 0) process.once('exit', removeAll)
  const base = ['/dev/shm', tmpdir()].find(folder => freeBytes(folder) > bytes)
  if (base === undefined) {
    throw new Error(`neither /dev/shm nor ${tmpdir()} has ${Math.ceil(bytes / 2 ** 20)} MiB free`)
  }
  const folder = await mkdtemp(join(base, 'mcp2p-'))
  live.add(folder)
  return folder
}

export async function removeScratch(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  live.delete(folder)
}

/** Has the system touch so much memory for files of this folder, and gives it back. */
export async function warm(folder: string, bytes: number): Promise<void> {
  const path = join(folder, 'warm')
  const piece = new Uint8Array(2 ** 20)
  const file = await open(path, 'w')
  try {
    for (let left = bytes; left > 0; left -= piece.length) await file.write(piece)
  } finally {
    await file.close()
    await rm(path)
  }
}

function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  } catch {
    return 0 // no such folder on this system
  }
}

function removeAll(): void {
  for (const folder of live) rmSync(folder, { recursive: true, force: true })
}
