// The settings that make a `.p2pmeta`, for the two commands that make one.

import { Mcp2pError } from '../../core/base/errors.js'
import { LIMITS } from '../../core/base/limits.js'
import type { CreateMetaOptions } from '../../engine/api.js'
import type { Settings } from './options.js'

/** Without signal and interval. Throws a usage error for an impossible chunk size. */
export function metaOptions(settings: Settings): CreateMetaOptions {
  const chunkBytes = settings['chunk-size']
  if (chunkBytes !== undefined && !isChunkBytes(chunkBytes)) {
    throw new Mcp2pError(
      'USAGE',
      'usage',
      `--chunk-size: ${chunkBytes} bytes is not a power of two from 16KiB to 16MiB`,
      'Write --chunk-size 1MiB, for example, or leave it out.',
    )
  }
  return { name: settings.name, chunkBytes, hash: settings.hash, managers: settings.manager }
}

function isChunkBytes(bytes: number): boolean {
  if (bytes < LIMITS.chunkBytesMin || bytes > LIMITS.chunkBytesMax) return false
  return Number.isInteger(Math.log2(bytes))
}
