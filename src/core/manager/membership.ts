// A peer's side of the conversation with one manager: it registers, asks for peers, says how far it
// is and that it lives, and comes back by itself after whatever happened to the manager. Against the
// registry that a sender has on its peer port it is the same, but for that nobody is told of
// newcomers there: then the connection is not kept, and asked again from time to time.

import { LIMITS } from '../base/limits.js'
import type { Machine, Micros } from '../base/machine.js'
import type { Prng } from '../base/prng.js'
import { type ManagerAnswer, parseAnswer } from '../wire/manager.js'

export interface MembershipOptions {
  readonly metaHash: string
  /** Where we accept peers. */
  readonly port: number
  readonly location: string | undefined
  readonly prng: Prng
}

export type MembershipIn =
  | { readonly type: 'connected'; readonly localHost: string }
  | { readonly type: 'line'; readonly line: string }
  | { readonly type: 'closed' }
  | { readonly type: 'progress'; readonly verifiedBytes: number; readonly totalBytes: number }
  | { readonly type: 'leave' }

export type MembershipOut =
  | { readonly type: 'dial' }
  | { readonly type: 'say'; readonly line: string }
  | { readonly type: 'close' }
  | { readonly type: 'peers'; readonly peers: readonly { host: string; port: number }[] }
  /** It has no meta of this transfer and would keep one. */
  | { readonly type: 'give-meta' }
  /** A manager that was there is gone, or was not there at first; it is back. */
  | { readonly type: 'lost' }
  | { readonly type: 'found' }

/** A command but for its swarm. */
interface Words {
  readonly cmd: string
  readonly [field: string]: unknown
}

const BACKOFF_FIRST_MICROS = 500_000
const BACKOFF_MAX_MICROS = 8_000_000
const ASK_EVERY_MICROS = 10_000_000
const ASK_AGAIN_MICROS = 30_000_000
const ANSWER_MICROS = 5_000_000

export class Membership implements Machine<MembershipIn, MembershipOut> {
  readonly #options: MembershipOptions
  #state: 'away' | 'dialling' | 'here' | 'left' = 'away'
  #cookie: string | undefined
  #localHost = ''
  /** It tells of newcomers, so it is a manager and nothing else. */
  #watches = false
  #answered = false
  #isLost = false
  #everFound = false
  #failures = 0
  #dialAt: Micros = 0
  #answerBy: Micros = Number.POSITIVE_INFINITY
  #aliveAt: Micros = Number.POSITIVE_INFINITY
  #askAt: Micros = Number.POSITIVE_INFINITY
  #progress = { verifiedBytes: 0, totalBytes: 0 }
  #told = -1
  #out: MembershipOut[] = []

  constructor(options: MembershipOptions) {
    this.#options = options
  }

  get deadline(): Micros {
    if (this.#out.length > 0) return 0
    if (this.#state === 'away') return this.#dialAt
    if (this.#state === 'here') return Math.min(this.#answerBy, this.#aliveAt, this.#askAt)
    return Number.POSITIVE_INFINITY
  }

  handle(input: MembershipIn, now: Micros): void {
    if (this.#state === 'left') return
    switch (input.type) {
      case 'connected':
        this.#state = 'here'
        this.#answered = false
        this.#localHost = input.localHost
        return this.#register(now)
      case 'line': {
        const answer = parseAnswer(input.line)
        if (answer !== undefined && this.#state === 'here') this.#onAnswer(answer, now)
        return
      }
      case 'closed':
        return this.#onClosed(now)
      case 'progress':
        this.#progress = input
        // That it is complete is worth a line of its own.
        if (
          this.#aliveAt < Number.POSITIVE_INFINITY &&
          isComplete(input) &&
          this.#told !== input.totalBytes
        )
          this.#aliveAt = Math.min(this.#aliveAt, now)
        return
      case 'leave':
        if (this.#state === 'here' && this.#cookie !== undefined)
          this.#say({ cmd: 'leave', cookie: this.#cookie }, now)
        this.#state = 'left'
        this.#out.push({ type: 'close' })
    }
  }

  poll(now: Micros): MembershipOut | undefined {
    if (this.#out.length === 0) this.#work(now)
    return this.#out.shift()
  }

  #work(now: Micros): void {
    if (this.#state === 'away' && now >= this.#dialAt) {
      this.#state = 'dialling'
      this.#out.push({ type: 'dial' })
    }
    if (this.#state !== 'here') return
    if (now >= this.#answerBy) {
      this.#out.push({ type: 'close' })
      return this.#onClosed(now)
    }
    if (now >= this.#askAt) this.#ask(now)
    if (now >= this.#aliveAt) this.#sayAlive(now)
  }

  #register(now: Micros): void {
    const { port, location } = this.#options
    const inside = this.#localHost
    this.#say({ cmd: 'register', port, cookie: this.#cookie, inside, location }, now)
  }

  #ask(now: Micros): void {
    this.#askAt = now + ASK_AGAIN_MICROS
    this.#say({ cmd: 'request_peers', cookie: this.#cookie, watch: true }, now)
  }

  /** How far we are, where that has changed: it also says that we live. */
  #sayAlive(now: Micros): void {
    const { verifiedBytes, totalBytes } = this.#progress
    const cookie = this.#cookie!
    const isNews = verifiedBytes !== this.#told && totalBytes > 0
    this.#told = verifiedBytes
    this.#aliveAt = now + (1e6 * LIMITS.managerTtlSeconds) / (isNews ? 6 : 3)
    if (isNews)
      this.#say(
        { cmd: 'progress', cookie, verified_bytes: verifiedBytes, total_bytes: totalBytes },
        now,
      )
    else this.#say({ cmd: 'keepalive', cookie }, now)
  }

  #onAnswer(answer: ManagerAnswer, now: Micros): void {
    this.#answerBy = Number.POSITIVE_INFINITY
    this.#answered = true
    if (answer.cmd === 'error') return this.#onError(answer.code, now)
    if (answer.cmd === 'list' || answer.meta_hash !== this.#options.metaHash) return
    if ('wants_meta' in answer && answer.wants_meta) this.#out.push({ type: 'give-meta' })
    if (answer.cmd === 'registered') {
      this.#cookie = answer.cookie
      this.#told = -1
      this.#aliveAt = now
      this.#ask(now)
    }
    if (answer.cmd !== 'peers') return
    this.#failures = 0
    this.#watches = answer.watch === true
    this.#out.push({ type: 'peers', peers: answer.peers })
    if (!this.#watches) return this.#retire(now)
    if (this.#isLost) this.#out.push({ type: 'found' })
    this.#isLost = false
    this.#everFound = true
  }

  #onError(code: string, now: Micros): void {
    if (code === 'unknown_cookie') {
      this.#cookie = undefined
      this.#register(now)
    } else if (code === 'full') this.#retire(now)
  }

  /** Nothing more to say now: later again. */
  #retire(now: Micros): void {
    this.#out.push({ type: 'close' })
    this.#rest()
    this.#dialAt = now + ASK_EVERY_MICROS
  }

  #rest(): void {
    this.#state = 'away'
    this.#answerBy = this.#aliveAt = this.#askAt = Number.POSITIVE_INFINITY
  }

  #onClosed(now: Micros): void {
    if (this.#state === 'away') return
    const wasDialling = this.#state === 'dialling'
    this.#rest()
    const wait = Math.min(BACKOFF_MAX_MICROS, BACKOFF_FIRST_MICROS * 2 ** this.#failures)
    this.#failures = Math.min(this.#failures + 1, 16)
    this.#dialAt = now + wait * (0.75 + 0.5 * this.#options.prng.unit())
    // A peer that knows nothing of managers hangs up; that is no loss.
    const isLoss = this.#everFound ? true : wasDialling && !this.#answered
    if (!isLoss || this.#isLost) return
    this.#isLost = true
    this.#out.push({ type: 'lost' })
  }

  #say({ cmd, ...rest }: Words, now: Micros): void {
    const line = JSON.stringify({ cmd, meta_hash: this.#options.metaHash, ...rest })
    this.#out.push({ type: 'say', line })
    this.#answerBy = Math.min(this.#answerBy, now + ANSWER_MICROS)
  }
}

function isComplete(progress: { verifiedBytes: number; totalBytes: number }): boolean {
  return progress.verifiedBytes === progress.totalBytes
}
