// How much room a folder's file system has, and whether this process may write there at all.

import { constants } from 'node:fs'
import { access, statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { DiskFacts } from '../../core/doctor/facts.js'

/** Of the folder, or of the nearest one above that exists, in which it would be made. */
export async function roomIn(folder: string): Promise<DiskFacts> {
  const dir = resolve(folder)
  for (let place = dir; ; place = dirname(place)) {
    try {
      await access(place, constants.W_OK | constants.X_OK)
      const { bavail, bsize, files, ffree } = await statfs(place)
      return { dir, freeBytes: bavail * bsize, freeFiles: files > 0 ? ffree : undefined }
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? String(error)
      if (code !== 'ENOENT' || dirname(place) === place) return { dir, error: code }
    }
  }
}
