// The packet filter's rules as nft lists them, with their handles. It shows them to root only, and
// where there is no nft there is nothing to ask: the doctor's own datagrams tell as much as it needs.

import { execFile } from 'node:child_process'

const PATIENCE_MILLIS = 2000
const TEXT_BYTES_MAX = 4 * 1024 * 1024

/** What `nft -a list ruleset` prints; undefined when it may not, or is not there. */
export function nftRuleset(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.geteuid?.() !== 0) return Promise.resolve(undefined)
  const options = { timeout: PATIENCE_MILLIS, maxBuffer: TEXT_BYTES_MAX }
  return new Promise(resolve => {
    execFile('nft', ['-a', 'list', 'ruleset'], options, (error, stdout) =>
      resolve(error ? undefined : stdout),
    )
  })
}
