// What a host's line carries, by the kernel's own counters, five times a second: nobody who sends or
// receives is asked.

import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Lab } from '../../test/lab/lab.js'

/** Preamble, gap and checksum of a frame, which no counter has. */
const FRAME_EXTRA_BYTES = 24

const program = `
const { readFileSync } = require('node:fs')
setInterval(() => {
  const line = readFileSync('/proc/self/net/dev', 'latin1').split('\\n').find(l => l.includes('eth0:'))
  const n = line.split(':')[1].trim().split(/\\s+/)
  console.log(JSON.stringify([Date.now(), +n[0], +n[1], +n[8], +n[9]]))
}, 100)`

interface Sample {
  readonly millis: number
  readonly inBytes: number
  readonly outBytes: number
}

export class LineMeter {
  readonly #child: ChildProcess
  readonly #samples: Sample[] = []

  constructor(lab: Lab, host: number) {
    const stdio = ['ignore', 'pipe', 'inherit'] as const
    this.#child = lab.exec(host, [process.execPath, '-e', program], { stdio: [...stdio] })
    createInterface({ input: this.#child.stdout! }).on('line', line => {
      const [millis, inBytes, inFrames, outBytes, outFrames] = JSON.parse(line) as number[]
      this.#samples.push({
        millis,
        inBytes: inBytes + FRAME_EXTRA_BYTES * inFrames,
        outBytes: outBytes + FRAME_EXTRA_BYTES * outFrames,
      })
    })
  }

  /** Unix ms at which more than `bps` first came or left. */
  since(way: 'in' | 'out', bps: number): number | undefined {
    for (let i = 1; i < this.#samples.length; i++)
      if (rateOf(this.#samples[i - 1], this.#samples[i], way) > bps)
        return this.#samples[i - 1].millis
    return undefined
  }

  /** Mean rate on the wire between two times, bits per second. */
  bps(way: 'in' | 'out', fromMillis: number, toMillis: number): number {
    const inside = this.#samples.filter(s => s.millis >= fromMillis && s.millis <= toMillis)
    if (inside.length < 2) return Number.NaN
    return rateOf(inside[0], inside[inside.length - 1], way)
  }

  stop(): void {
    this.#child.kill('SIGTERM')
  }
}

function rateOf(a: Sample, b: Sample, way: 'in' | 'out'): number {
  const bytes = way === 'in' ? b.inBytes - a.inBytes : b.outBytes - a.outBytes
  return (bytes * 8000) / (b.millis - a.millis)
}
