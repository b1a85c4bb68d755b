// Datagrams that the kernel dropped because a socket's buffer was full: the `drops` column of
// /proc/net/udp, which is the only place that tells without native code. Linux only; 0 elsewhere.

import { readFileSync } from 'node:fs'

/** Drops of all sockets bound to this port on this host's network, summed. */
export function kernelDrops(port: number): number {
  let drops = 0
  for (const file of ['/proc/net/udp', '/proc/net/udp6']) {
    let text: string
    try {
      text = readFileSync(file, 'latin1')
    } catch {
      continue
    }
    for (const line of text.split('\n').slice(1)) {
      const columns = line.trim().split(/\s+/)
      if (columns.length < 13) continue
      const bound = Number.parseInt(columns[1].slice(columns[1].lastIndexOf(':') + 1), 16)
      if (bound === port) drops += Number.parseInt(columns[12], 10) || 0
    }
  }
  return drops
}
