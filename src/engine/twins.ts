// Which twins do the work on this machine, for people who wonder why one host is slower.

import { loadNative } from '../io/native/load.js'

/** `native batches (prebuilt for linux-x64)`, or `node's dgram (none was built for darwin-arm64)`. */
export function udpTwin(): string {
  const { udp, why } = loadNative()
  return `${udp ? 'native batches' : "node's dgram"} (${why})`
}
