// The doctor that leads a test of two hosts: what it sends the other counts, what the other sends it
// counts itself, one thing after the other, so that each figure has one cause.

import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { bpsOf } from '../../core/base/units.js'
import {
  type Answer,
  answerIn,
  type Blast,
  type Hello,
  type Request,
} from '../../core/doctor/line.js'
import type { LossTally, PairFacts, TalkFacts, Tally, WayFacts } from '../../core/doctor/pair.js'
import { wayTo } from '../../io/host/links.js'
import { dial } from '../../io/net/dial.js'
import { readLines } from '../../io/net/line-reader.js'
import { PeerPort } from '../../io/net/tcp.js'
import type { Address } from '../../ports.js'
import type { DoctorOptions } from '../api.js'
import { throwIfAborted } from '../interrupted.js'
import { DEFAULT_PEER_PORT, type Place, placeOf } from '../place.js'
import { DOCTOR_MAX_BPS, helloOf, Station } from './station.js'

const ANSWER_MILLIS = 10_000
/** A dozen full segments; over a bad line each may take its time. */
const BULK_CHARS = 16 * 1024
const BULK_MILLIS = 5000
/** What is on its way when a blast ends has arrived by then. */
const SETTLE_MILLIS = 200
const HOLD_MILLIS = 10_000
const IP_UDP_BYTES = 28
const SMALL = { bytes: 64, count: 20, rateBps: 1_000_000 } as const
/** Sizes that are tried when full ones do not pass, largest first. */
const SMALLER_MTUS = [1450, 1400, 1280, 1000]
/** Of the fastest rate; and how long each lasts. */
const RATE_SHARES = [1 / 16, 1 / 4, 1]
const LOSS_SECONDS = 0.5

type Way = 'to' | 'from'
type Shot = Pick<Blast, 'bytes' | 'count' | 'rateBps'> & { readonly to?: Blast['to'] }

/** Tests both directions together with a doctor that listens at `address`; rejects only when aborted. */
export async function examinePair(
  address: Address,
  options: DoctorOptions,
  tell: (doing: string) => void,
): Promise<PairFacts> {
  const { host, port } = address
  try {
    return { host, port, talk: await new Pair(address, options, tell).run() }
  } catch (error) {
    throwIfAborted(options.signal)
    const { code, message } = error as NodeJS.ErrnoException
    return { host, port, error: code ?? message }
  }
}

class Pair {
  readonly #address: Address
  readonly #options: DoctorOptions
  readonly #tell: (doing: string) => void
  readonly #place: Place
  readonly #run = randomBytes(4).readUInt32BE(0)
  #line!: Line
  #station!: Station
  #round = 0

  constructor(address: Address, options: DoctorOptions, tell: (doing: string) => void) {
    this.#address = address
    this.#options = options
    this.#tell = tell
    this.#place = placeOf(options)
  }

  async run(): Promise<TalkFacts> {
    this.#line = await this.#call()
    try {
      const here = await this.#hello()
      const there = await this.#line.ask(here)
      const same = here.group === there.group && here.port === there.port
      const dataSame = here.dataPort === there.dataPort
      const dialled = await this.#dialBack()
      const ways = same && dataSame ? await this.#ways(there.mtuBytes) : {}
      this.#line.close()
      const bulkFrom = await this.#passes(0, BULK_CHARS)
      const bulkTo = await this.#passes(BULK_CHARS, 0)
      const { host, port } = this.#address
      const way = await wayTo(host, port)
      return {
        here,
        there,
        dialled,
        bulkTo,
        bulkFrom,
        ...ways,
        near: 'link' in way && way.near,
        via: 'link' in way ? way.link : undefined,
        holdMillis: this.#holdMillis,
      }
    } finally {
      this.#line.close()
    }
  }

  get #holdMillis(): number {
    return this.#options.holdMillis ?? HOLD_MILLIS
  }

  async #call(): Promise<Line> {
    return new Line(await dial(this.#address, this.#place.chosen?.address))
  }

  #hello(): Promise<Hello> {
    return helloOf(this.#place, this.#options.dataPort, this.#run)
  }

  async #dialBack(): Promise<TalkFacts['dialled']> {
    const port = await PeerPort.open({
      port: this.#options.peerPort ?? DEFAULT_PEER_PORT,
      host: this.#place.chosen?.address,
      onPeer: socket => socket.destroy(),
      onLines: socket => socket.destroy(),
    })
    try {
      const { error } = await this.#line.ask({ cmd: 'dial', port: port.port })
      return { port: port.port, error }
    } finally {
      await port.close()
    }
  }

  /** Whether so much passes each way, on a connection of its own, as one in a black hole is lost. */
  async #passes(pad: number, want: number): Promise<boolean> {
    const line = await this.#call()
    try {
      await line.ask({ cmd: 'pad', pad: 'x'.repeat(pad), want }, BULK_MILLIS)
      return true
    } catch {
      return false
    } finally {
      line.close()
    }
  }

  // ---- multicast

  async #ways(theirMtuBytes: number): Promise<{ to: WayFacts; from: WayFacts }> {
    const { group, port } = this.#place
    const dataPort = this.#options.dataPort ?? port + 1
    const given = { place: this.#place, dataPort, run: this.#run, side: 'caller' } as const
    this.#station = await Station.open(given)
    try {
      this.#tell(`multicast to ${group}, both ways`)
      const ways = {
        to: await this.#firstOf('to', this.#place.mtuBytes),
        from: await this.#firstOf('from', theirMtuBytes),
      }
      if (ways.to.full === undefined && ways.from.full === undefined) return ways
      this.#tell(`waiting ${this.#holdMillis / 1000} s for memberships to expire`)
      await sleep(this.#holdMillis, undefined, { signal: this.#options.signal })
      const held = {
        to: await this.#heldOf('to', ways.to),
        from: await this.#heldOf('from', ways.from),
      }
      return { to: { ...ways.to, ...held.to }, from: { ...ways.from, ...held.from } }
    } finally {
      await this.#station.close()
    }
  }

  async #firstOf(way: Way, ownMtuBytes: number): Promise<WayFacts> {
    await this.#rejoin(way)
    const announcements = await this.#shoot(way, { ...SMALL, to: 'announcements' })
    const data = await this.#shoot(way, SMALL)
    if (data.heard === 0) return { announcements, data, losses: [] }
    const full = await this.#full(way, ownMtuBytes, data)
    const mtuBytes = full.fitsMtuBytes ?? full.mtuBytes
    const losses: LossTally[] = []
    for (const share of RATE_SHARES) {
      const rateBps = Math.round((this.#options.maxRateBps ?? DOCTOR_MAX_BPS) * share)
      this.#tell(
        `loss at ${rateBps / 1e6} Mbit/s ${way === 'to' ? 'to' : 'from'} ${this.#address.host}`,
      )
      // A switch that forgets must not look like a line that loses.
      await this.#rejoin(way)
      const bytes = mtuBytes - IP_UDP_BYTES
      const count = Math.max(20, Math.floor((rateBps * LOSS_SECONDS) / 8 / bytes))
      losses.push({ rateBps, ...(await this.#shoot(way, { bytes, count, rateBps })) })
    }
    return { announcements, data, full, losses }
  }

  /** Each sends what its own interfaces let it: the datagrams of a session are made for that. */
  async #full(way: Way, mtuBytes: number, small: Tally): Promise<NonNullable<WayFacts['full']>> {
    const shoot = (mtuBytes: number): Promise<Tally> =>
      this.#shoot(way, { ...SMALL, bytes: mtuBytes - IP_UDP_BYTES })
    const tally = await shoot(mtuBytes)
    if (passes(tally, small)) return { ...tally, mtuBytes, pass: true }
    for (const fitsMtuBytes of SMALLER_MTUS)
      if (fitsMtuBytes < mtuBytes && passes(await shoot(fitsMtuBytes), small))
        return { ...tally, mtuBytes, pass: false, fitsMtuBytes }
    return { ...tally, mtuBytes, pass: false }
  }

  /** Whether the group is still heard; and if not, whether joining anew helps. */
  async #heldOf(way: Way, { data }: WayFacts): Promise<Pick<WayFacts, 'held' | 'rejoined'>> {
    if (data.heard === 0) return {}
    const held = await this.#shoot(way, SMALL)
    if (held.heard > 0) return { held }
    await this.#rejoin(way)
    return { held, rejoined: await this.#shoot(way, SMALL) }
  }

  /** The end that hears joins anew. */
  async #rejoin(way: Way): Promise<void> {
    if (way === 'from') this.#station.rejoin()
    else await this.#line.ask({ cmd: 'rejoin' })
    await sleep(SETTLE_MILLIS)
  }

  async #shoot(way: Way, { to = 'data', ...shot }: Shot): Promise<Tally> {
    throwIfAborted(this.#options.signal)
    const round = this.#round++
    const blast: Blast = { cmd: 'blast', round, to, ...shot }
    const fired = way === 'to' ? await this.#station.blast(blast) : await this.#line.ask(blast)
    await sleep(SETTLE_MILLIS)
    const heard =
      way === 'to'
        ? (await this.#line.ask({ cmd: 'tally', round })).heard
        : this.#station.tally(round)
    const { sent, micros, error } = fired
    const leftBps = Math.round(bpsOf(sent * shot.bytes, Math.max(1, micros)))
    return { sent, heard: Math.min(heard, sent), leftBps, error }
  }
}

/** Not many fewer come than of small ones, of which some may be lost as well. */
function passes(full: Tally, small: Tally): boolean {
  return full.heard / full.sent > (0.5 * small.heard) / small.sent
}

type AnswerTo<R extends Request> = Extract<Answer, { cmd: R['cmd'] }>

/** A connection on which one question is asked at a time. */
class Line {
  readonly #socket: Socket
  #answered: (answer: Answer | undefined) => void = () => {}

  constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => this.#answered(undefined))
    readLines(socket, undefined, line => this.#answered(answerIn(line)))
  }

  /** Rejects with what the other end says, or when it says nothing that can be understood. */
  ask<R extends Request>(request: R, patienceMillis = ANSWER_MILLIS): Promise<AnswerTo<R>> {
    return new Promise((resolve, reject) => {
      const end = (answer: Answer | undefined): void => {
        clearTimeout(timer)
        this.#answered = () => {}
        if (answer?.cmd === request.cmd) resolve(answer as AnswerTo<R>)
        else
          reject(new Error(answer?.cmd === 'error' ? answer.why : 'it does not answer as a doctor'))
      }
      const timer = setTimeout(() => end(undefined), patienceMillis)
      this.#answered = end
      if (this.#socket.destroyed) end(undefined)
      else this.#socket.write(`${JSON.stringify(request)}\n`)
    })
  }

  close(): void {
    this.#socket.destroy()
  }
}
