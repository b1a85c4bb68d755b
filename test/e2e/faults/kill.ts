// Kill -9 of a receiver, and the same command again: what it must not lose. Progress comes every half
// second; between two of them the rate of the blast tells when a fraction is reached.

import { expect } from 'vitest'
import type { ReceiveResult } from '../../../src/engine/api.js'
import type { CliProcess } from '../../lab/cli.js'
import { end, holds, resultOf } from '../stage.js'

/** More than what came in so long is never fetched again. */
const againMillis = 5000

interface Moment {
  readonly time: number
  readonly verifiedBytes: number
}

export class Victim {
  readonly #sizeBytes: number
  readonly #rateBps: number
  readonly #start: () => CliProcess
  #process: CliProcess
  #moments: Moment[] = []
  /** What the next run must have from the start. */
  #leastBytes = 0
  /** What each run had of it. */
  readonly #resumes: { hadBytes: number; leastBytes: number }[] = []

  /** Starts the receiver; `rateBps` of the blast. */
  constructor(sizeBytes: number, rateBps: number, start: () => CliProcess) {
    this.#sizeBytes = sizeBytes
    this.#rateBps = rateBps
    this.#start = start
    this.#process = this.#run()
  }

  get process(): CliProcess {
    return this.#process
  }

  /** Kills it when it has this fraction, and runs it again at once. */
  async killAt(fraction: number): Promise<void> {
    const wantedBytes = fraction * this.#sizeBytes
    const stepBytes = this.#rateBps / 8 / 2
    const reached = holds(Math.max(0, wantedBytes - stepBytes))
    const { verifiedBytes } = await this.#process.until('progress', reached)
    const millis = ((wantedBytes - Number(verifiedBytes)) * 8000) / this.#rateBps
    await new Promise(resolve => setTimeout(resolve, Math.max(0, millis)))
    const killedAt = Date.now()
    this.#process.kill('SIGKILL')
    expect(await this.#process.exited).toBe(137)
    for (const { time, verifiedBytes } of this.#moments)
      if (time <= killedAt - againMillis)
        this.#leastBytes = Math.max(this.#leastBytes, verifiedBytes)
    this.#process = this.#run()
  }

  /** It ends complete, with what it had and each byte counted once. Resolves with what it had. */
  async finish(): Promise<number> {
    await end([this.#process])
    const result = resultOf<ReceiveResult>(this.#process)
    const { resumedBytes, multicastBytes, peerBytes, seederBytes } = result
    expect(resumedBytes + multicastBytes + peerBytes + seederBytes).toBe(this.#sizeBytes)
    expect(this.#resumes.filter(run => run.hadBytes < run.leastBytes)).toEqual([])
    return resumedBytes
  }

  #run(): CliProcess {
    const leastBytes = this.#leastBytes
    this.#moments = []
    const started = this.#start()
    started.on(event => {
      if (event.type !== 'progress' || event.phase === 'checking') return
      const { time, verifiedBytes, resumedBytes } = event as unknown as Moment & ReceiveResult
      if (this.#moments.length === 0) this.#resumes.push({ hadBytes: resumedBytes, leastBytes })
      this.#moments.push({ time, verifiedBytes })
    })
    return started
  }
}
