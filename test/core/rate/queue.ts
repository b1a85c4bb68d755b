// A first-in first-out queue of runs of datagrams with a byte limit: what does not fit is dropped
// at its tail. Serving is by bytes, with the remainder carried over while there is something to
// serve.

/** `count` datagrams with consecutive sequences, stamped at one time. A negative sender is TCP. */
export interface Run {
  readonly sender: number
  readonly sequence: number
  readonly count: number
  readonly atMicros: number
  /** When the kernel of a receiver took it, if its application is told. */
  readonly arrivedMicros?: number
}

export class Queue {
  bytes = 0
  dropped = 0
  mostBytes = 0
  readonly #limitBytes: number
  #runs: Run[] = []
  #credit = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** Datagrams of this size that still fit. */
  room(datagramBytes: number): number {
    return Math.max(0, Math.floor((this.#limitBytes - this.bytes) / datagramBytes))
  }

  /** Returns how many were taken. */
  push(run: Run, datagramBytes: number): number {
    const count = Math.min(run.count, this.room(datagramBytes))
    this.dropped += run.count - count
    if (count === 0) return 0
    // What is dropped at the tail of a run must not look received: the run keeps its first part.
    this.#runs.push(count === run.count ? run : { ...run, count })
    this.bytes += count * datagramBytes
    this.mostBytes = Math.max(this.mostBytes, this.bytes)
    return count
  }

  /** Runs that arrive in one step, mixed: what does not fit is lost by all in proportion. */
  pushMixed(runs: Run[], datagramBytes: number): void {
    let wanted = 0
    for (const run of runs) wanted += run.count
    let room = Math.min(wanted, this.room(datagramBytes))
    for (const run of runs) {
      const count = Math.round((run.count * room) / wanted)
      wanted -= run.count
      room -= count
      this.dropped += run.count - count
      this.push(count === run.count ? run : { ...run, count }, datagramBytes)
    }
  }

  serve(bytes: number, datagramBytes: number): Run[] {
    if (this.#runs.length === 0) {
      this.#credit = Math.min(this.#credit, datagramBytes)
      return []
    }
    this.#credit += bytes
    let count = Math.floor(this.#credit / datagramBytes)
    const out: Run[] = []
    while (count > 0 && this.#runs.length > 0) {
      const head = this.#runs[0]
      const taken = Math.min(count, head.count)
      out.push(taken === head.count ? head : { ...head, count: taken })
      if (taken === head.count) this.#runs.shift()
      else {
        this.#runs[0] = { ...head, sequence: head.sequence + taken, count: head.count - taken }
      }
      count -= taken
      this.bytes -= taken * datagramBytes
      this.#credit -= taken * datagramBytes
    }
    if (this.#runs.length === 0) this.#credit = Math.min(this.#credit, datagramBytes)
    return out
  }
}
