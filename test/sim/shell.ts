// What every simulated process does for its core, as the engine's loop does it for real ones: hand it
// inputs, drain its outputs dry, sleep until its deadline, and keep its connections. No bytes travel:
// data come without, or, where they are not what the meta says, with `WRONG` in their place.

import type { Machine, Micros } from '../../src/core/base/machine.js'
import type { SwarmAction, SwarmIn } from '../../src/core/swarm/swarm.js'
import type { Message, Range } from '../../src/core/wire/message.js'
import { messageBytes } from '../../src/core/wire/peer.js'
import type { Network, Process, Socket } from './network.js'

export const WRONG = new Uint8Array(0)

export interface ShellOptions<In, Out> {
  readonly lateMicros: Micros
  readonly network: Network
  readonly process: Process
  readonly core: Machine<In | SwarmIn, Out | SwarmAction>
  readonly port: number
  /** Does what a core asks for beyond connections. */
  readonly act: (out: Out) => void
  /** Looks at the content of a range that is served; true when it is wrong. */
  readonly serve: (range: Range) => boolean
  readonly layerOf: (chunk: number) => Uint8Array
  /** A second thing to wake for, e.g. the next batch of a blast, and what to do then. */
  readonly also?: { deadline: () => Micros; wake: () => void }
  /** Until its owner looks at datagrams nothing else is handled either: see `look`. */
  readonly isResting?: () => boolean
  /** How long it otherwise lets what comes gather, before it handles all of it in one visit; default 0. */
  readonly restMicros?: Micros
}

/** A core whose deadline has passed after so many wakes in a row spins: a real CPU would be at 100 %. */
const SPINS_MAX = 50

export class Shell<In extends { type: string }, Out extends { type: string }> {
  readonly #options: ShellOptions<In, Out>
  readonly #sockets = new Map<number, Socket>()
  #nextPeer = 1
  #armedAt: Micros = Number.POSITIVE_INFINITY
  #draining = false
  #sizedMessage: Message | undefined
  #sizedBytes = 0
  #spins = 0
  /** What has come while it rested; without datagrams, until when. */
  #held: (In | SwarmIn)[] = []
  #restsUntil: Micros = 0
  /** What this turn reads to serve it. */
  #serving: (SwarmAction & { type: 'serve' })[] = []

  constructor(options: ShellOptions<In, Out>) {
    this.#options = options
    options.process.listen(options.port, socket => this.#adopt(socket, 0, false))
  }

  get now(): Micros {
    return this.#options.network.scheduler.now
  }

  get connectionCount(): number {
    return this.#sockets.size
  }

  input(input: In | SwarmIn): void {
    this.inputs([input])
  }

  /** As `input`, but what follows from all of them is done together. */
  inputs(inputs: readonly (In | SwarmIn)[]): void {
    const { process, core } = this.#options
    if (!process.alive) return
    if (!this.#draining && this.#rests()) return void this.#held.push(...inputs)
    for (const input of inputs) core.handle(input, this.now)
    this.drain()
  }

  /** It has rested: handles what has come meanwhile. */
  look(): void {
    const { process, core } = this.#options
    if (!process.alive) return
    const held = this.#held
    this.#held = []
    for (const input of held) core.handle(input, this.now)
    this.drain()
  }

  /** What comes now is to wait; a visit is planned. */
  #rests(): boolean {
    const { process, isResting, restMicros = 0 } = this.#options
    if (isResting?.()) return true
    if (restMicros === 0) return false
    if (this.#restsUntil > this.now) return true
    this.#restsUntil = Math.ceil(this.now + restMicros)
    process.at(this.#restsUntil, () => {
      if (!isResting?.()) this.look()
    })
    return true
  }

  /** Acts on all that the core wants, then sleeps until it wants to be woken. */
  drain(): void {
    if (this.#draining || !this.#options.process.alive) return
    this.#draining = true
    const { core } = this.#options
    for (let out = core.poll(this.now); out !== undefined; out = core.poll(this.now)) this.#act(out)
    this.#draining = false
    this.#serve()
    this.#arm()
  }

  #arm(): void {
    const { core, process, also, lateMicros } = this.#options
    const due = Math.min(core.deadline, also?.deadline() ?? Infinity)
    const at = Math.max(this.now, due) + lateMicros
    if (at >= this.#armedAt || at === Number.POSITIVE_INFINITY) return
    this.#armedAt = at
    process.at(at, () => this.#wake(at))
  }

  #wake(at: Micros): void {
    if (at !== this.#armedAt) return
    this.#armedAt = Number.POSITIVE_INFINITY
    const { also, isResting } = this.#options
    const isOwed = also !== undefined && also.deadline() <= this.now
    if (isOwed) also.wake()
    else if (isResting?.() || this.#restsUntil > this.now) return
    this.drain()
    this.#spins = this.#options.core.deadline > this.now ? 0 : this.#spins + 1
    if (this.#spins <= SPINS_MAX) return
    throw new Error(`${this.#options.process.host.address} spins at ${this.now}`)
  }

  #act(out: Out | SwarmAction): void {
    const action = out as SwarmAction
    switch (action.type) {
      case 'send':
        this.#send(action.peer, action.message)
        return
      case 'dial':
        this.#dial(action.address.host, action.address.port)
        return
      case 'close':
        this.#sockets.get(action.peer)?.close()
        this.#sockets.delete(action.peer)
        return
      case 'serve':
        this.#serving.push(action)
        return
      case 'serve-layer': {
        const { chunk } = action
        const leaves = this.#options.layerOf(chunk)
        this.#send(action.peer, { type: 'layer', chunk, leaves })
        return
      }
      default:
        this.#options.act(out as Out)
    }
  }

  #send(peer: number, message: Message): void {
    this.#sockets.get(peer)?.send(message, this.#bytesOf(message))
  }

  /** One message often goes to many peers: it is measured once. */
  #bytesOf(message: Message): number {
    if (message !== this.#sizedMessage) {
      this.#sizedMessage = message
      this.#sizedBytes = messageBytes(message)
    }
    return this.#sizedBytes
  }

  #serve(): void {
    const serving = this.#serving
    if (serving.length === 0) return
    this.#serving = []
    const { process, serve } = this.#options
    const bytes = serving.reduce((sum, { range }) => sum + range.lengthBytes, 0)
    process.host.disk.read(bytes, () => {
      if (!process.alive) return
      for (const { peer, range } of serving) {
        const message: Message = { type: 'data', range, bytes: serve(range) ? WRONG : undefined }
        const sent = { type: 'sent', peer, bytes: range.lengthBytes } as const
        this.#sockets.get(peer)?.send(message, messageBytes(message), () => this.input(sent))
      }
    })
  }

  #dial(host: string, port: number): void {
    const address = { host, port }
    this.#options.process.connect(
      host,
      port,
      socket => this.#adopt(socket, port, true),
      () => this.input({ type: 'dial-failed', address }),
    )
  }

  #adopt(socket: Socket, port: number, outbound: boolean): void {
    const peer = this.#nextPeer++
    this.#sockets.set(peer, socket)
    socket.onMessages = messages =>
      this.inputs(messages.map(message => ({ type: 'message', peer, message: message as Message })))
    socket.onClose = () => {
      this.#sockets.delete(peer)
      this.input({ type: 'closed', peer, reason: 'closed by the other side' })
    }
    const localHost = this.#options.process.host.address
    this.input({ type: 'connected', peer, host: socket.address, localHost, port, outbound })
  }
}
