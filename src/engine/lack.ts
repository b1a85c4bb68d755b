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
  const where = files === 1 ? path : `${path} and ${files - 1} other files`
  return {
    code: 'missing',
    level: 'warning',
    message: `${size} of ${where} are missing and nobody here has them; what came is kept`,
    hint: 'start the sender again, by the same command: this one waits for it and goes on',
  }
}
