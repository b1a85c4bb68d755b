// Which mcp2p this is, and what it runs on: the first two questions of every bug report.

import { existsSync, readFileSync } from 'node:fs'
import { arch, platform, release } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { blake3Twin, fecTwin, hashTwin, udpTwin } from '../../engine/twins.js'

/** The package's version; its package.json is found upwards, from the sources as from the build. */
export function version(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) {
    folder = dirname(folder)
  }
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return String(manifest.version)
}

/** What `--version` prints: one line, or with -v the platform as well. */
export async function versionText(isVerbose: boolean): Promise<string> {
  if (!isVerbose) return `${version()}\n`
  return [
    `mcp2p    ${version()}`,
    `node     ${process.version}`,
    `platform ${platform()} ${release()} ${arch()}`,
    `UDP      ${udpTwin()}`,
    `SHA-256  ${hashTwin()}`,
    `BLAKE3   ${await blake3Twin()}`,
    `FEC      ${fecTwin()}`,
    '',
  ].join('\n')
}
