// What a transfer costs the machine: seconds that its cores were busy, whoever used them, the kernel's
// work for packets included.

import { readFileSync } from 'node:fs'

/** `getconf CLK_TCK` of every Linux that Node runs on. */
const ticksPerSecond = 100

/** Busy seconds of all cores since the machine started. */
export function cpuSeconds(): number {
  const [, user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'utf8')
    .split('\n', 1)[0]
    .split(/\s+/)
    .map(Number)
  return (user + nice + system + irq + softirq) / ticksPerSecond
}
