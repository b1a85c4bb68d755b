// What a receiver says when all who are connected together do not have everything.

import { MIB } from '../core/base/units.js'
import type { P2pMeta } from '../core/meta/p2pmeta.js'
import type { Lack } from '../core/session/orphans.js'
import type { Notice } from './api.js'

export function lackNotice(lack: Lack, meta: P2pMeta): Notice {
  const { bytes, files, firstFile } = lack
  const size =
    bytes < MIB / 10 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / MIB).toFixed(1)} MiB`
  const { path } = meta.files[firstFile]
  const others = files === 2 ? '1 other file' : `${files - 1} other files`
  const where = files === 1 ? path : `${path} and ${others}`
  if (bytes === meta.files.reduce((sum, { size }) => sum + size, 0))
    return {
      code: 'missing',
      level: 'info',
      message: `nobody here has anything of ${where} yet`,
      hint: 'start the sender: this one waits for it',
    }
  return {
    code: 'missing',
    level: 'warning',
    message: `${size} of ${where} are missing and nobody here has them; what came is kept`,
    hint: 'start the sender again, by the same command: this one waits for it and goes on',
  }
}
