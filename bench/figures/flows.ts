// Lines and what flows over them, as a fluid in virtual time: every flow gets its fair share of the
// fullest line on its way (max-min), as TCP flows of one round-trip time do. For the algorithms of
// the seeds that are not ours; ours run as they are, in test/sim.
//
//   const flows = new Flows()
//   flows.start([up, down], 262_144, () => …)
//   flows.run()

import { Heap } from '../../src/core/base/heap.js'

/** One direction of a line. */
export class Pipe {
  readonly bytesPerSecond: number
  readonly flows = new Set<Flow>()
  /** While lines are shared out: what is left to give, and to how many flows. */
  spare = 0
  open = 0

  constructor(bytesPerSecond: number) {
    this.bytesPerSecond = bytesPerSecond
  }
}

interface Flow {
  readonly pipes: readonly Pipe[]
  readonly done: () => void
  leftBytes: number
  bytesPerSecond: number
  /** The sharing in which it got its present rate. */
  sharing: number
}

/** What is left of a flow by rounding alone. */
const NOTHING_BYTES = 1e-3

export class Flows {
  readonly #flows = new Set<Flow>()
  readonly #timers = new Heap<() => void>()
  #now = 0
  readonly #pipes = new Set<Pipe>()
  #isShared = true
  #sharings = 0

  /** Seconds. */
  get now(): number {
    return this.#now
  }

  start(pipes: readonly Pipe[], bytes: number, done: () => void): void {
    const flow = { pipes, done, leftBytes: bytes, bytesPerSecond: 0, sharing: 0 }
    this.#flows.add(flow)
    for (const pipe of pipes) {
      pipe.flows.add(flow)
      this.#pipes.add(pipe)
    }
    this.#isShared = false
  }

  after(seconds: number, then: () => void): void {
    this.#timers.push(this.#now + seconds, then)
  }

  /** Until nothing is left to happen, or `isOver` says so after an event; then true. */
  run(isOver: () => boolean = () => false): boolean {
    while (!isOver()) {
      if (!this.#isShared) this.#share()
      let at = this.#timers.size > 0 ? this.#timers.leastKey : Number.POSITIVE_INFINITY
      for (const flow of this.#flows)
        at = Math.min(at, this.#now + flow.leftBytes / flow.bytesPerSecond)
      if (at === Number.POSITIVE_INFINITY) return false
      this.#advance(at)
    }
    return true
  }

  #advance(at: number): void {
    const seconds = at - this.#now
    this.#now = at
    const ended: Flow[] = []
    for (const flow of this.#flows) {
      flow.leftBytes -= seconds * flow.bytesPerSecond
      if (flow.leftBytes <= NOTHING_BYTES) ended.push(flow)
    }
    if (ended.length > 0) this.#isShared = false
    for (const flow of ended) {
      this.#flows.delete(flow)
      for (const pipe of flow.pipes) pipe.flows.delete(flow)
    }
    for (const flow of ended) flow.done()
    while (this.#timers.size > 0 && this.#timers.leastKey <= at) {
      const then = this.#timers.top!
      this.#timers.pop()
      then()
    }
  }

  /** Fills all flows evenly; those over the pipe that is full first have what they get. */
  #share(): void {
    const sharing = ++this.#sharings
    const pipes: Pipe[] = []
    for (const pipe of this.#pipes) {
      pipe.spare = pipe.bytesPerSecond
      pipe.open = pipe.flows.size
      if (pipe.open > 0) pipes.push(pipe)
    }
    for (;;) {
      let fullest: Pipe | undefined
      let least = Number.POSITIVE_INFINITY
      for (const pipe of pipes) {
        if (pipe.open === 0) continue
        const share = pipe.spare / pipe.open
        if (share < least) [least, fullest] = [share, pipe]
      }
      if (fullest === undefined) break
      for (const flow of fullest.flows) {
        if (flow.sharing === sharing) continue
        flow.sharing = sharing
        flow.bytesPerSecond = least
        for (const pipe of flow.pipes) {
          pipe.spare = Math.max(0, pipe.spare - least)
          pipe.open--
        }
      }
    }
    this.#isShared = true
  }
}
