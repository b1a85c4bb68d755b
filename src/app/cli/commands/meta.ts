// `mcp2p meta`: hashes trees and writes what describes them. The answer is the file and the link.

import { resolve, sep } from 'node:path'
import { parseEndpoint } from '../../../core/base/endpoint.js'
import { formatLink } from '../../../engine/link.js'
import type { Address } from '../../../ports.js'
import { checkMetaPath, metaFileName, writeMetaFile } from '../meta-file.js'
import { metaOptions } from '../meta-options.js'
import type { Command, Run } from '../run.js'
import { keepHeapSmall } from '../schedule.js'
import { kindOf, needPaths } from '../source.js'
import { printable } from '../text.js'
import { formatBytes, formatSeconds } from '../units.js'
import { HashView } from '../view/hash.js'
import { filesText } from '../view/session.js'

export const meta: Command = async (run, paths) => {
  const { settings, screen } = run
  const options = metaOptions(settings)
  await needPaths(paths)
  if (settings.output !== undefined) await checkMetaPath(settings.output)
  const createMeta = await run.world.engine.createMeta()
  const job = createMeta([...paths], {
    ...options,
    signal: run.signal,
    progressEveryMillis: run.progressEveryMillis,
  })
  const view = new HashView(run.style, 'hashing')
  const { bytes, ...result } = await run.follow(job, view, {
    progress: progress => {
      keepHeapSmall(progress.totalFiles)
      view.update(progress)
    },
  })
  const path = settings.output ?? metaFileName(result.name)
  await warnInside(run, path, paths)
  await writeMetaFile(path, bytes, settings.overwrite ?? false)
  const link = formatLink({
    id: result.id,
    managers: addressesOf(settings.manager ?? []),
    name: result.name,
  })
  screen.note(
    `${printable(result.name)}: ${formatBytes(result.totalBytes)} in ${filesText(result.files)}, ` +
      `chunks of ${formatBytes(result.chunkBytes)}, hashed in ${formatSeconds(result.seconds)}`,
  )
  screen.answer(printable(path))
  screen.answer(link)
  return { document: { ...result, path, link } }
}

function addressesOf(managers: readonly string[]): Address[] {
  return managers.flatMap(text => parseEndpoint(text) ?? [])
}

/** A meta inside the tree that it describes would be an extra file from then on. */
async function warnInside(run: Run, path: string, paths: readonly string[]): Promise<void> {
  for (const source of paths) {
    if ((await kindOf(source)) !== 'folder') continue
    const folder = resolve(source)
    if (!resolve(path).startsWith(folder.endsWith(sep) ? folder : folder + sep)) continue
    const warning = run.style.warn('warning:')
    run.screen.note(
      `${warning} ${printable(path)} is inside ${printable(source)}, but no part of the transfer.` +
        ' Write it elsewhere with -o.',
    )
  }
}
