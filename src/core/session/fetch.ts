// A receiver: hears the blast, asks peers for what it misses, verifies, and serves what it has. The
// plan says what may be asked for; this machine carries it out.

import { LIMITS } from '../base/limits.js'
import type { Machine, Micros } from '../base/machine.js'
import { type Batch, NOWHERE } from '../multicast/batch.js'
import { blocksOf } from '../swarm/link.js'
import { isNote, Swarm, type SwarmAction, type SwarmIn, type SwarmNote } from '../swarm/swarm.js'
import type { Announce } from '../wire/announce.js'
import type { SessionId } from '../wire/datagram.js'
import type { Control, PeerAddress, Progress } from '../wire/message.js'
import { Asker, type Manner } from './asker.js'
import { Assembly, type AssemblyOut, type Origin } from './assembly.js'
import type { Channel } from './channel.js'
import { Demotion } from './demotion.js'
import type { FetchOptions } from './fetch-options.js'
import { Files } from './files.js'
import { Intake } from './intake.js'
import { LayerAsker } from './layer-asker.js'
import { Listening } from './listening.js'
import { type MembershipOut, Memberships } from './memberships.js'
import { type Lack, Orphans } from './orphans.js'
import { hintAgainst, isSilent, type Plan, planFor, whySwarmOnly } from './plan.js'
import { Reporter } from './reporter.js'
import { Suspicion } from './suspicion.js'
import { Transmitters } from './transmitters.js'
import { Wants } from './wants.js'

export type FetchIn =
  | SwarmIn
  /** `bytes`: how long the datagram was. */
  | { type: 'announce'; source: string; session: SessionId; announce: Announce; bytes?: number }
  /** From a manager, from the operator (`pinned`), or of those who were heard to announce. */
  | { type: 'addresses'; addresses: readonly PeerAddress[]; pinned: boolean; announced?: boolean }
  /** A group of data cannot be joined; without `channel`: none can. */
  | { type: 'deaf'; reason: string; channel?: Channel }
  | { type: 'hashed'; block: number; digest: Uint8Array }
  | { type: 'written'; block: number }
  | { type: 'spilled'; block: number }
  | { type: 'finished'; file: number }
  /** All files stand under their final names. */
  | { type: 'stored' }
  /**
   * Datagrams that our own sockets dropped so far, bytes that wait for the disk, and bytes that our
   * lines brought so far, where that is known.
   */
  | { type: 'load'; kernelDrops: number; diskQueueBytes: number; lineBytes?: number }

export type FetchOut =
  | SwarmAction
  | (AssemblyOut & { type: 'verify' | 'swap' | 'write' | 'spill' | 'recover' })
  /** Move part of the message's bytes to the pool. */
  | { type: 'copy'; bytes: Uint8Array | undefined; from: number; lengthBytes: number; at: number }
  | MembershipOut
  | { type: 'query' }
  | { type: 'finish'; file: number }
  | { type: 'store' }
  | { type: 'verified'; bytes: number }
  | { type: 'notice'; code: string; level: 'info' | 'warning'; message: string; hint?: string }
  /** Nobody who is connected has this, and no sender is there. */
  | { type: 'lack'; lack: Lack }
  | { type: 'peer'; host: string; port: number; state: 'connected' | 'closed'; reason?: string }
  /** Complete, and nobody needs us any more. */
  | { type: 'served' }

const TICK_MICROS = 50_000
const QUERY_MICROS = 1_000_000
/**
 * A thousand hosts that start together would ask all at once, and each question goes to all: by then
 * the answer to the first is there, and who has heard an announcement need not ask.
 */
const FIRST_QUERY_MICROS = 20_000
const ANNOUNCED_MICROS = 2_500_000

export class Fetch implements Machine<FetchIn, FetchOut> {
  readonly swarm: Swarm
  readonly assembly: Assembly
  readonly transmitters: Transmitters
  readonly #options: FetchOptions
  readonly #intake: Intake
  readonly #wants: Wants
  readonly #asker: Asker
  readonly #reporter: Reporter
  readonly #out: FetchOut[] = []
  readonly #files: Files
  readonly #memberships = new Memberships()
  readonly #layers: LayerAsker
  readonly #demotion = new Demotion()
  readonly #suspicion: Suspicion
  readonly #oneWay: boolean
  readonly #listening: Listening
  readonly #orphans: Orphans
  #plan: Plan | undefined
  #sparesSeeder = false
  #toldWhy: string | undefined
  #startedAt: Micros
  #tickAt: Micros
  #queryAt: Micros
  #announcedAt: Micros = Number.NEGATIVE_INFINITY
  #rejoinAt: Micros = Number.NEGATIVE_INFINITY
  #deaf: string | undefined
  #kernelDrops = 0
  #diskQueueBytes = 0
  #completeAt: Micros | undefined
  #served = false
  #saidBye = false
  readonly resumedBytes: number

  constructor(options: FetchOptions, now: Micros) {
    const { id, node, port, tree, verified, metaBytes, prng, oneWay = false } = options
    const { poolBytes = LIMITS.partialPoolBytes, keeps = true } = options
    const { geometry } = tree
    this.#options = options
    this.#oneWay = oneWay
    this.#suspicion = new Suspicion(oneWay)
    this.#listening = new Listening(now)
    this.swarm = new Swarm({
      id,
      node,
      role: 'receiver',
      port,
      geometry,
      verified,
      metaBytes,
      prng: prng.fork(),
      connectionsWanted: LIMITS.connectionsWanted,
      keeps,
    })
    this.assembly = new Assembly(tree, verified, poolBytes, { oneWay, keeps })
    this.resumedBytes = this.assembly.verifiedBytes
    this.transmitters = new Transmitters(geometry.blockCount)
    this.#intake = new Intake(geometry, this.assembly, this.transmitters)
    this.#wants = new Wants(block => this.assembly.isMissing(block))
    const { downloadBps, uploadBps = Number.POSITIVE_INFINITY } = options
    const luck = prng.fork()
    this.#asker = new Asker(geometry, this.assembly, this.swarm, this.#wants, luck, downloadBps)
    this.swarm.slots.cap(uploadBps)
    this.#layers = new LayerAsker(geometry, this.swarm, prng.fork())
    this.#reporter = new Reporter(geometry, verified, block => this.assembly.isAwaited(block))
    this.#files = new Files(geometry, verified, options.finishedFiles)
    this.#orphans = new Orphans(geometry, verified)
    this.#startedAt = now
    this.#tickAt = now
    const mayAsk = options.multicast && !oneWay
    this.#queryAt = mayAsk ? now + prng.below(FIRST_QUERY_MICROS) : Number.POSITIVE_INFINITY
    for (const file of this.#files.whole) this.#out.push({ type: 'finish', file })
    if (this.#files.allFinished) this.#out.push({ type: 'store' })
  }

  get complete(): boolean {
    return this.#completeAt !== undefined
  }

  get plan(): Plan {
    return this.#plan ?? 'wait'
  }

  /** Datagrams that our own sockets dropped. */
  get kernelDrops(): number {
    return this.#kernelDrops
  }

  /** Blocks that came wrong at first. */
  get wrongBlocks(): number {
    return this.#suspicion.wrongBlocks
  }

  /** Somebody blasts and nothing of it arrives. */
  isDeaf(now: Micros): boolean {
    return this.transmitters.views.some(view => isSilent(view, now))
  }

  get deadline(): Micros {
    return Math.min(this.#tickAt, this.#queryAt, this.#reporter.deadline, this.swarm.deadline)
  }

  get progress(): Progress {
    const by = this.assembly.verifiedBytesBy
    return {
      verifiedBytes: this.assembly.verifiedBytes,
      resumedBytes: this.resumedBytes,
      multicastBytes: by.multicast,
      peerBytes: by.peer,
      seederBytes: by.seeder,
    }
  }

  handle(input: FetchIn, now: Micros): void {
    switch (input.type) {
      case 'announce':
        return this.#onAnnounce(input, now)
      case 'addresses':
        if (this.#oneWay) return
        for (const address of input.addresses) this.swarm.book.add(address, input.pinned)
        if (input.announced) for (const each of input.addresses) this.swarm.announced(each, now)
        return
      case 'deaf':
        if (input.channel) this.#memberships.failed(input.channel, input.reason)
        else this.#deaf = input.reason
        return
      case 'hashed':
        return this.assembly.hashed(input.block, input.digest)
      case 'written':
        return this.assembly.written(input.block)
      case 'spilled':
        return this.assembly.spilled(input.block)
      case 'finished':
        this.#files.finished()
        if (this.#files.allFinished) this.#out.push({ type: 'store' })
        return
      case 'stored':
        return this.#onStored(now)
      case 'load':
        this.#kernelDrops = input.kernelDrops
        this.#diskQueueBytes = input.diskQueueBytes
        return this.#demotion.onLoad(input.lineBytes, this.swarm.receivedBytes, now)
      default:
        this.swarm.handle(input, now)
    }
  }

  /**
   * Datagrams [from, to) of the batch, as heard: each gets its `place`. The shell moves the payloads
   * there and then polls.
   */
  take(batch: Batch, from: number, to: number, now: Micros): void {
    if (this.#suspicion.why === undefined) this.#intake.take(batch, from, to, now)
    else batch.place.fill(NOWHERE, from, to)
  }

  poll(now: Micros): FetchOut | undefined {
    this.#intake.settle()
    if (now >= this.#tickAt) this.#tick(now)
    if (now >= this.#queryAt) this.#query(now)
    for (;;) {
      const ready = this.#out.shift()
      if (ready !== undefined) return ready
      const made = this.assembly.poll()
      if (made !== undefined) {
        if (made.type === 'verified') this.#onVerified(made.block, made.origins, now)
        else if (made.type === 'mismatch') this.#onMismatch(made, now)
        else return made
        continue
      }
      this.#report(now)
      const out = this.swarm.poll(now)
      if (out === undefined) return undefined
      if (!isNote(out)) return out
      this.#onNote(out, now)
    }
  }

  #onAnnounce(input: FetchIn & { type: 'announce' }, now: Micros): void {
    const { source, session, announce, bytes } = input
    if (announce.id !== this.#options.id) return
    this.#announcedAt = now
    if (!this.#oneWay) this.swarm.announced({ host: source, port: announce.port }, now)
    const channel = announce.channels.find(c => c.channel === 1)
    if (channel === undefined || !this.#options.multicast || announce.symbolBytes === 0) return
    const { group, port } = channel
    const { symbolBytes } = announce
    this.transmitters.learn(session, source, { group, port }, symbolBytes, now, bytes)
    this.#reporter.reached(now)
    this.#join()
  }

  #join(): void {
    this.#out.push(...this.#memberships.follow(this.transmitters.channels))
  }

  #leaveAll(): void {
    this.#out.push(...this.#memberships.leave())
  }

  #onNote(note: SwarmNote, now: Micros): void {
    const { link } = note
    switch (note.type) {
      case 'joined':
        this.#peer(link.address ?? { host: link.host, port: 0 }, 'connected')
        if (this.complete) this.swarm.tellComplete(link, this.progress, now)
        return
      case 'left':
        this.#reporter.left(link)
        if (link.seeder) this.transmitters.lost(link.host, now)
        return this.#peer(link.address ?? { host: link.host, port: 0 }, 'closed', note.reason)
      case 'arrived': {
        const { range, bytes } = note
        const origin = link.seeder ? 'seeder' : 'peer'
        this.assembly.range(range, origin, link.peer, (at, from, lengthBytes) =>
          this.#out.push({ type: 'copy', bytes, from, lengthBytes, at }),
        )
        for (const block of blocksOf(range)) this.#wants.answered(block)
        return this.#asker.topUp(link, this.#manner, now)
      }
      case 'failed':
        this.#asker.failed(note.range)
        for (const block of blocksOf(note.range)) this.#wants.answered(block)
        return
      case 'layer':
        if (note.chunk < this.#options.tree.geometry.chunkCount)
          this.assembly.leaves(
            this.#options.tree.geometry.firstBlockOfChunk(note.chunk),
            note.leaves,
          )
        return
      default:
        this.#onControl(note, note.message, now)
    }
  }

  #onControl(note: SwarmNote, message: Control, now: Micros): void {
    if (message.type === 'bye') this.#saidBye = true
    const { link } = note
    if (message.type !== 'blast' || !link.seeder) return
    const known = this.#options.multicast
      ? this.transmitters.blast(link.host, message, now)
      : undefined
    const former = this.#reporter.onBlast(link, message, known?.stream, now)
    if (known && former !== undefined) this.transmitters.superseded(former, now)
    if (known && this.#demotion.advised(message.demotedLoss, now)) this.#leaveAll()
    this.#join()
    if (known?.changed) this.#tickAt = now
  }

  #onVerified(block: number, origins: readonly Origin[], now: Micros): void {
    const { geometry } = this.#options.tree
    this.#suspicion.right(origins, this.assembly.mendedBlocks)
    this.#tellWrong()
    this.#wants.settled(block)
    // While a blast is heard most have what it has passed, from wherever we got our copy.
    this.swarm.verified(block, this.#plan === 'behind', now)
    this.#asker.settled(block, now)
    this.#out.push({ type: 'verified', bytes: geometry.bytesOfBlock(block) })
    const file = this.#files.verified(block)
    if (file !== undefined) this.#out.push({ type: 'finish', file })
  }

  #onMismatch(made: AssemblyOut & { type: 'mismatch' }, now: Micros): void {
    const { block, giver, origins } = made
    this.#wants.again(block)
    if (giver !== undefined) this.swarm.expel(giver, 'it sent wrong data', now)
    if (this.#suspicion.wrong(origins)) {
      this.#leaveAll()
      this.#tickAt = now
    }
    this.#tellWrong()
  }

  #tellWrong(): void {
    const news = this.#suspicion.news(() => this.transmitters.sources)
    if (news !== undefined) this.#out.push({ type: 'notice', ...news })
  }

  #onStored(now: Micros): void {
    this.#completeAt = now
    for (const link of this.swarm.links()) this.swarm.tellComplete(link, this.progress, now)
  }

  // ---- time

  #tick(now: Micros): void {
    this.#tickAt = now + TICK_MICROS
    if (this.#served) return
    if (this.complete) return this.#serveOn(now)
    if (this.#oneWay) return this.#listen(now)
    this.#follow(now)
    for (const stream of this.transmitters.streams())
      stream.passed(now, (first, count) => {
        if (this.#plan === 'behind') this.#wants.passed(first, count, now)
      })
    this.#wants.age(now)
    this.#rejoin(now)
    if (this.#plan !== 'wait') this.#asker.ask(this.#manner, now)
    this.#layers.ask(this.assembly.chunksWithoutLayer(), this.#plan === 'behind', now)
    const lack = this.#orphans.look(this.swarm.links(), this.#plan !== 'anything', now)
    if (lack !== undefined) this.#out.push({ type: 'lack', lack })
  }

  /** Asks who sends, unless somebody keeps saying so. */
  #query(now: Micros): void {
    this.#queryAt = now + QUERY_MICROS * (this.transmitters.isEmpty ? 1 : 10)
    if (this.complete) this.#queryAt = Number.POSITIVE_INFINITY
    else if (now - this.#announcedAt >= ANNOUNCED_MICROS) this.#out.push({ type: 'query' })
  }

  #listen(now: Micros): void {
    if (!this.#listening.look(this.transmitters.streams(), now)) return
    this.#out.push({ type: 'rejoin' })
    const { totalBytes } = this.#options.tree.geometry
    const news = this.#listening.news(totalBytes - this.assembly.verifiedBytes)
    if (news !== undefined) this.#out.push({ type: 'notice', level: 'warning', ...news })
  }

  /** Why nothing is taken from the group, where that is so. */
  get #whyDeaf(): string | undefined {
    const failed = this.#deaf ?? this.#memberships.why
    if (failed !== undefined) return `the group cannot be joined (${failed})`
    return this.#suspicion.why ?? this.#demotion.why
  }

  /** Keeps to the plan; a change of plan changes what is due. */
  #follow(now: Micros): void {
    const transmitters = this.transmitters.views
    const peersHoldData = this.swarm
      .links()
      .some(link => !link.seeder && (link.complete || (link.held?.count ?? 0) > 0))
    const { multicast } = this.#options
    const deaf = this.#whyDeaf
    const startedAt = this.#startedAt
    const begun = this.assembly.verifiedBytes > 0
    const situation = { multicast, deaf, startedAt, begun, transmitters, peersHoldData }
    const plan = planFor(situation, now)
    this.#tellWhy(plan === 'anything' ? whySwarmOnly(situation, now) : undefined, plan)
    if (plan === this.#plan) return
    const before = this.#plan
    this.#plan = plan
    // The end of a blast must not set everybody on the transmitter for what the peers have as well.
    this.#sparesSeeder = plan === 'behind' || (before === 'behind' && peersHoldData)
    this.#wants.nothing()
    if (plan === 'anything') this.#wants.everything(this.assembly.verified, now)
    else if (plan === 'behind') {
      for (const stream of this.transmitters.streams()) {
        const upTo = stream.cursor
        if (upTo > 0 && before === 'anything') this.#wants.passed(0, upTo, now)
      }
    }
  }

  /** Says why the swarm is on its own, once until the blast is heard again. */
  #tellWhy(why: string | undefined, plan: Plan): void {
    if (plan === 'behind') this.#toldWhy = undefined
    if (why === undefined || why === this.#toldWhy || this.#files.allFinished) return
    const hint = hintAgainst(why)
    const level = hint !== undefined || this.#whyDeaf ? 'warning' : 'info'
    // Another reason is worth another line only if something can be done about it.
    if (this.#toldWhy !== undefined && level === 'info') return
    this.#toldWhy = why
    this.#out.push({
      type: 'notice',
      code: 'swarm-only',
      level,
      message: `swarm only: ${why}`,
      hint,
    })
  }

  get #manner(): Manner {
    const behindLoss = this.#plan === 'behind' ? this.transmitters.lossFraction : undefined
    return { behindLoss, sparesSeeder: this.#sparesSeeder }
  }

  #rejoin(now: Micros): void {
    if (this.#suspicion.why !== undefined) return
    const returns = this.#demotion.returns(now)
    if (!returns && now - this.#rejoinAt < LIMITS.rejoinEveryMicros) return
    if (!returns && (this.#whyDeaf !== undefined || !this.isDeaf(now))) return
    this.#rejoinAt = now
    this.#out.push({ type: 'rejoin' })
  }

  #report(now: Micros): void {
    if (now < this.#reporter.deadline) return
    const view = {
      progress: this.progress,
      kernelDrops: this.#kernelDrops,
      diskQueueBytes: this.#diskQueueBytes,
      streams: [...this.transmitters.streams()],
    }
    for (const { link, message } of this.#reporter.take(view, now))
      if (!(this.complete && message.type === 'missing')) this.swarm.send(link, message, now)
  }

  /** Complete: serves while somebody may need it, and longer where no sender is left to do so. */
  #serveOn(now: Micros): void {
    if (this.#options.stay) return
    const since = this.#completeAt ?? now
    if (this.swarm.owesWord && now - since < LIMITS.receiverWordMicros) return
    const links = this.swarm.links()
    const needed = links.some(link => !link.complete)
    const quiet =
      (this.#saidBye || links.some(link => link.seeder)) &&
      now - Math.max(since, this.swarm.slots.lastAskedAt) > LIMITS.receiverQuietMicros
    if (needed && !quiet && now - since < LIMITS.receiverGraceMicros) return
    this.#served = true
    this.#tickAt = Number.POSITIVE_INFINITY
    this.#out.push({ type: 'served' })
  }

  #peer(address: PeerAddress, state: 'connected' | 'closed', reason?: string): void {
    this.#out.push({ type: 'peer', host: address.host, port: address.port, state, reason })
  }
}
