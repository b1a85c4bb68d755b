// The doctor that waits for another host's: does what that one asks, for one conversation at a time.
// It must be no weapon: it multicasts only to its own group with TTL 1, dials only whoever called,
// and everything that it does is counted.

import type { Socket } from 'node:net'
import { LIMITS } from '../../core/base/limits.js'
import { type Answer, boundedBlast, type Request, requestIn } from '../../core/doctor/line.js'
import { plainHost } from '../../io/net/conn.js'
import { dial } from '../../io/net/dial.js'
import { readLines } from '../../io/net/line-reader.js'
import { PeerPort } from '../../io/net/tcp.js'
import type { DoctorListenEvents, DoctorListenResult, DoctorOptions } from '../api.js'
import { Job } from '../events.js'
import { checkDoctorOptions } from '../options.js'
import { DEFAULT_PEER_PORT, type Place, placeOf } from '../place.js'
import { DOCTOR_MAX_BPS, helloOf, Station } from './station.js'

/** Requests that may wait for their turn: who leads asks one at a time. */
const WAITING_MAX = 4

/** Listens until aborted. */
export function doctorListen(
  options: DoctorOptions = {},
): Job<DoctorListenEvents, DoctorListenResult> {
  return new Job(async emit => {
    checkDoctorOptions(options)
    const place = placeOf(options)
    let current: Conversation | undefined
    let conversations = 0
    const onLines = (socket: Socket, first: Uint8Array): void => {
      const host = plainHost(socket.remoteAddress ?? '')
      if (current !== undefined && current.host !== host) {
        const busy: Answer = { cmd: 'error', why: 'busy with another host: try again later' }
        socket.end(`${JSON.stringify(busy)}\n`)
        return
      }
      // Whoever calls again is done with the call before, even if that word was lost on the way.
      current?.drop()
      const conversation = new Conversation(socket, host, place, options)
      current = conversation
      conversations++
      emit('conversation', { host, state: 'begun' })
      socket.once('close', () => {
        if (current === conversation) current = undefined
        conversation.close().then(() => emit('conversation', { host, state: 'over' }))
      })
      conversation.begin(first)
    }
    const port = await PeerPort.open({
      port: options.peerPort ?? DEFAULT_PEER_PORT,
      host: place.chosen?.address,
      onPeer: socket => socket.destroy(),
      onLines,
    })
    const { group } = place
    const { address } =
      place.chosen ?? place.interfaces.find(each => !each.internal) ?? place.interfaces[0]
    emit('listening', { peerPort: port.port, group, port: place.port, address })
    await aborted(options.signal)
    await port.close()
    return { conversations }
  })
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise(resolve => {
    if (signal?.aborted) resolve()
    signal?.addEventListener('abort', () => resolve(), { once: true })
  })
}

class Conversation {
  readonly #socket: Socket
  readonly host: string
  readonly #place: Place
  readonly #options: DoctorOptions
  readonly #timer: NodeJS.Timeout
  #station: Station | undefined
  #turn: Promise<void> = Promise.resolve()
  #waiting = 0
  #blasts = 0
  #dials = 0

  constructor(socket: Socket, host: string, place: Place, options: DoctorOptions) {
    this.#socket = socket
    this.host = host
    this.#place = place
    this.#options = options
    this.#timer = setTimeout(() => socket.destroy(), LIMITS.doctorMillisMax)
  }

  begin(first: Uint8Array): void {
    readLines(this.#socket, first, line => {
      const request = requestIn(line)
      if (request === undefined) return this.#say({ cmd: 'error', why: 'no such request' })
      if (++this.#waiting > WAITING_MAX) return void this.#socket.destroy()
      this.#turn = this.#turn.then(async () => {
        if (!this.#socket.destroyed) this.#say(await this.#answer(request))
        this.#waiting--
      })
    })
  }

  drop(): void {
    this.#socket.destroy()
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#turn
    await this.#station?.close()
  }

  #say(answer: Answer): void {
    if (!this.#socket.destroyed) this.#socket.write(`${JSON.stringify(answer)}\n`)
  }

  async #answer(request: Request): Promise<Answer> {
    try {
      return await this.#do(request)
    } catch (error) {
      return { cmd: 'error', why: (error as Error).message.slice(0, 200) }
    }
  }

  async #do(request: Request): Promise<Answer> {
    if (request.cmd === 'pad') return { cmd: 'pad', pad: 'x'.repeat(request.want) }
    if (request.cmd === 'dial') return this.#dial(request.port)
    if (request.cmd === 'hello') {
      if (this.#station !== undefined) return { cmd: 'error', why: 'hello was said' }
      const { run } = request
      const hello = await helloOf(this.#place, this.#options.dataPort, run)
      const { dataPort } = hello
      this.#station = await Station.open({ place: this.#place, dataPort, run, side: 'listener' })
      return hello
    }
    const station = this.#station
    if (station === undefined) return { cmd: 'error', why: 'say hello first' }
    if (request.cmd === 'tally') return { cmd: 'tally', heard: station.tally(request.round) }
    if (request.cmd === 'rejoin') {
      station.rejoin()
      return { cmd: 'rejoin' }
    }
    if (++this.#blasts > LIMITS.doctorRoundsMax) return { cmd: 'error', why: 'enough blasts' }
    const blast = boundedBlast(request, this.#options.maxRateBps ?? DOCTOR_MAX_BPS)
    return { cmd: 'blast', ...(await station.blast(blast)) }
  }

  async #dial(port: number): Promise<Answer> {
    if (++this.#dials > LIMITS.doctorDialsMax) return { cmd: 'error', why: 'enough calls' }
    try {
      const socket = await dial({ host: this.host, port }, this.#place.chosen?.address)
      socket.destroy()
      return { cmd: 'dial' }
    } catch (error) {
      return { cmd: 'dial', error: (error as NodeJS.ErrnoException).code ?? 'no answer' }
    }
  }
}
