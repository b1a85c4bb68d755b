// `mcp2p verify`: compares a folder with its `.p2pmeta`. The answer is one line for everything that
// is not as it should be, and nothing when all is.

import { Mcp2pError } from '../../../core/base/errors.js'
import type { VerifyResult } from '../../../engine/api.js'
import type { Command } from '../run.js'
import { needFolder, needMetaFile } from '../source.js'
import { printable, shellQuote } from '../text.js'
import { formatBytes } from '../units.js'
import { HashView } from '../view/hash.js'
import { filesText } from '../view/session.js'

export const verify: Command = async (run, [metaPath, dir]) => {
  const { screen } = run
  await needMetaFile(metaPath)
  await needFolder(dir)
  const start = await run.world.engine.verify()
  const job = start(metaPath, dir, { signal: run.signal })
  const view = new HashView(run.style, 'verifying')
  const result = await run.follow(job, view, { progress: progress => view.update(progress) })
  for (const path of result.missing) screen.answer(`missing  ${printable(path)}`)
  for (const { path, why } of result.wrong) {
    screen.answer(`wrong    ${printable(path)}: ${printable(why)}`)
  }
  for (const path of result.extra) screen.answer(`extra    ${printable(path)}`)
  screen.note(`${filesText(result.checkedFiles)}, ${formatBytes(result.checkedBytes)} checked`)
  return { document: result, problem: problemOf(result, metaPath, dir) }
}

function problemOf(result: VerifyResult, metaPath: string, dir: string): Mcp2pError | undefined {
  const { missing, wrong, extra } = result
  if (missing.length + wrong.length + extra.length === 0) return undefined
  const repair = `mcp2p recv ${shellQuote(metaPath)} -o ${shellQuote(dir)} --overwrite`
  return new Mcp2pError(
    'DIFFERENT',
    'integrity',
    `${missing.length} missing, ${wrong.length} wrong, ${extra.length} extra`,
    missing.length + wrong.length > 0
      ? `Fetch what is missing or wrong: ${repair}`
      : 'Remove what is extra, or leave it: all that belongs there is right.',
  )
}
