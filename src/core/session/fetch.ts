// A receiver: hears the blast, asks peers for what it misses, verifies, and serves what it has. The
// plan says what may be asked for; this machine carries it out.

import { LIMITS } from '../base/limits.js'
import type { Machine, Micros } from '../base/machine.js'
import { type Batch, NOWHERE } from '../multicast/batch.js'
import { blocksOf } from '../swarm/link.js'
import { isNote, Swarm, type SwarmNote } from '../swarm/swarm.js'
import { TACTICS } from '../swarm/tactics.js'
import type { Control, PeerAddress, Progress } from '../wire/message.js'
import { Asker, type Manner } from './asker.js'
import { Assembly, type AssemblyOut } from './assembly.js'
import { Demotion } from './demotion.js'
import type { FetchOptions } from './fetch-options.js'
import type { FetchIn, FetchOut, Load } from './fetch-traffic.js'
import { Files } from './files.js'
import { Intake } from './intake.js'
import { LayerAsker } from './layer-asker.js'
import { Listening } from './listening.js'
import { Memberships } from './memberships.js'
import { Orphans } from './orphans.js'
import { hintAgainst, isSilent, type Plan, patienceWith, planFor, whySwarmOnly } from './plan.js'
import { Reporter } from './reporter.js'
import { Site } from './site.js'
import { Suspicion } from './suspicion.js'
import { Transmitters } from './transmitters.js'
import { Wants } from './wants.js'
import type { Verified } from './works.js'

export type { FetchIn, FetchOut } from './fetch-traffic.js'

const TICK_MICROS = 50_000

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
  readonly #site: Site
  #plan: Plan | undefined
  #sparesSeeder = false
  #toldWhy: string | undefined
  #startedAt: Micros
  #tickAt: Micros
  #rejoinAt: Micros = Number.NEGATIVE_INFINITY
  #deaf: string | undefined
  #load: Load = { kernelDrops: 0, diskQueueBytes: 0 }
  #completeAt: Micros | undefined
  #served = false
  #saidBye = false
  readonly resumedBytes: number

  constructor(options: FetchOptions, now: Micros) {
    const { id, node, port, tree, verified, metaBytes, prng, oneWay = false } = options
    const { poolBytes = LIMITS.partialPoolBytes, keeps = true, tactics = TACTICS } = options
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
      connectionsWanted: tactics.connectionsWanted,
      keeps,
      downloadBps: options.download?.rateBps,
    })
    this.assembly = new Assembly(tree, verified, poolBytes, { oneWay, keeps })
    this.resumedBytes = this.assembly.ledger.bytes
    this.transmitters = new Transmitters(geometry.blockCount)
    this.#intake = new Intake(geometry, this.assembly, this.transmitters)
    this.#wants = new Wants(block => this.assembly.isMissing(block))
    const here = { node, port, geometry, verified, relay: options.relay }
    this.#site = new Site(here, this.swarm, this.#wants, now)
    const luck = prng.fork()
    this.#layers = new LayerAsker(geometry, this.swarm, prng.fork())
    const manner = { prng: luck, tactics, layers: this.#layers, download: options.download }
    this.#asker = new Asker(geometry, this.assembly, this.swarm, this.#wants, manner)
    if (options.upload) this.swarm.slots.cap(options.upload)
    this.#reporter = new Reporter(geometry, verified, block => this.assembly.isAwaited(block))
    this.#files = new Files(geometry, verified, options.finishedFiles)
    this.#orphans = new Orphans(geometry, verified)
    this.#startedAt = now
    this.#tickAt = now
    if (options.multicast && !oneWay) this.#site.begin(prng, now)
    for (const file of this.#files.whole) this.#out.push({ type: 'finish', file })
    if (this.#files.allFinished) this.#out.push({ type: 'store' })
  }

  get complete(): boolean {
    return this.#completeAt !== undefined
  }

  get site(): Site {
    return this.#site
  }

  get plan(): Plan {
    return this.#plan ?? 'wait'
  }

  /** Datagrams that our own sockets dropped. */
  get kernelDrops(): number {
    return this.#load.kernelDrops
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
    return Math.min(this.#tickAt, this.#site.queryAt, this.#reporter.deadline, this.swarm.deadline)
  }

  get progress(): Progress {
    const by = this.assembly.ledger.bytesBy
    return {
      verifiedBytes: this.assembly.ledger.bytes,
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
        for (const each of input.addresses) this.swarm.learn(each, input.from, now)
        return
      case 'deaf':
        if (input.channel) this.#memberships.failed(input.channel, input.reason)
        else this.#deaf = input.reason
        return
      case 'query':
        if (!this.#oneWay) this.#site.queried(input.source, input.from, now)
        return
      case 'chunk-read':
        return this.#site.relay?.chunkRead(input.chunk)
      case 'left':
        return this.#site.relay?.departed(input.bytes, now)
      case 'blocked':
        return this.#site.relay?.blocked(now)
      case 'mute':
        return this.#site.mute(now)
      case 'hashed':
        return this.assembly.hashed(input.pieces, input.digests)
      case 'written':
        return this.assembly.written(input.pieces)
      case 'filled':
        return this.assembly.filled(input.block)
      case 'spilled':
        return this.assembly.spilled(input.block)
      case 'finished':
        this.#files.finished()
        if (this.#files.allFinished) this.#out.push({ type: 'store' })
        return
      case 'stored':
        return this.#onStored(now)
      case 'load':
        this.#load = input
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
    if (now >= this.#site.queryAt) this.#query(now)
    for (;;) {
      const ready = this.#out.shift()
      if (ready !== undefined) return ready
      const made = this.assembly.poll()
      if (made !== undefined) {
        if (made.type !== 'verified' && made.type !== 'mismatch') return made
        if (made.type === 'verified') this.#onVerified(made.blocks, now)
        else this.#onMismatch(made, now)
        continue
      }
      this.#report(now)
      const relayed = this.#site.poll(now)
      if (relayed !== undefined) return relayed
      const out = this.swarm.poll(now)
      if (out === undefined) return undefined
      if (!isNote(out)) return out
      this.#onNote(out, now)
    }
  }

  #onAnnounce(input: FetchIn & { type: 'announce' }, now: Micros): void {
    const { source, session, announce, bytes } = input
    if (announce.id !== this.#options.id) return
    if (!this.#site.announced(source, session, announce, now)) return
    const address = { host: source, port: announce.port }
    // Of a relay it is owed no word: it is a receiver.
    if (announce.role === 'relay') this.swarm.book.announced(address, now)
    else if (!this.#oneWay) this.swarm.learn(address, 'announcement', now)
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
        this.#site.joined(link, now)
        this.#peer(link.address ?? { host: link.host, port: 0 }, 'connected')
        if (this.complete) this.swarm.tellComplete(link, this.progress, now)
        return
      case 'left':
        this.#reporter.left(link)
        this.#site.left(link, now)
        if (this.#site.isTransmitter(link)) this.transmitters.lost(link.host, now)
        return this.#peer(link.address ?? { host: link.host, port: 0 }, 'closed', note.reason)
      case 'arrived': {
        const { range, bytes, isLate } = note
        this.#site.arrived(link, range.lengthBytes)
        const origin = link.seeder ? 'seeder' : 'peer'
        this.assembly.range(range, { origin, peer: link.peer }, (at, from, lengthBytes) =>
          this.#out.push({ type: 'copy', range, bytes, from, lengthBytes, at }),
        )
        if (!isLate) for (const block of blocksOf(range)) this.#wants.answered(block)
        return this.#asker.topUp(link, this.#manner, now)
      }
      case 'failed':
        this.#asker.failed(link, note.range)
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
    this.#site.relay?.control(link, message, now)
    if (message.type !== 'blast' || !this.#site.isTransmitter(link)) return
    this.#site.blasts(link, message.session)
    const known = this.#options.multicast
      ? this.transmitters.blast(link.host, message, now)
      : undefined
    const former = this.#reporter.onBlast(link, message, known?.stream, now)
    if (known && former !== undefined) this.transmitters.superseded(former, now)
    if (known && this.#demotion.advised(message.demotedLoss, now)) this.#leaveAll()
    this.#join()
    if (known?.changed) this.#tickAt = now
  }

  #onVerified(blocks: readonly Verified[], now: Micros): void {
    // While a blast is heard most have what it has passed, from wherever we got our copy.
    const isHeard = this.#plan !== 'anything'
    let sum = 0
    for (const { block, count, bytes, origins } of blocks) {
      this.#suspicion.right(origins, this.assembly.mendedBlocks, count)
      this.#wants.settled(block, count)
      // Blocks of a stretch are of one chunk.
      if (!this.#site.verified(block, count, now)) this.swarm.verified(block, count, isHeard, now)
      this.#asker.settled(block, count, now)
      const file = this.#files.verified(block, count)
      if (file !== undefined) this.#out.push({ type: 'finish', file })
      sum += bytes
    }
    this.#tellWrong()
    this.#out.push({ type: 'verified', bytes: sum })
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

  #tick(now: Micros): void {
    this.#tickAt = now + TICK_MICROS
    if (this.#served) return
    if (this.#oneWay && !this.complete) return this.#listen(now)
    this.#mindSite(now)
    if (this.complete) return this.#serveOn(now)
    this.#follow(now)
    for (const stream of this.transmitters.streams())
      stream.passed(now, (first, count) => {
        if (this.#plan !== 'behind') return
        this.#wants.passed(first, count, now)
        this.#wants.spare(this.assembly.recovery.spare(first, count), now)
      })
    this.#wants.age(patienceWith(this.swarm.connectionCount), now)
    this.#rejoin(now)
    if (this.#plan !== 'wait')
      this.#tickAt = Math.min(this.#tickAt, this.#asker.ask(this.#manner, now))
    const awaits = this.#plan === 'behind' || (this.#plan === 'relayed' && !this.#site.isRelay)
    this.#layers.ask(this.assembly.chunksWithoutLayer(), awaits, now)
    const lack = this.#orphans.look(this.swarm.links(), this.#plan !== 'anything', now)
    if (lack !== undefined) this.#out.push({ type: 'lack', lack })
  }

  #mindSite(now: Micros): void {
    if (this.#oneWay) return
    const blasts = [...this.#reporter.blasts()]
    const isBlasting = blasts.some(({ link, blast }) => link.seeder && blast.state === 'blasting')
    const listens = this.#options.multicast && this.#whyDeaf === undefined
    this.#site.tick({ streams: this.transmitters.streams(), listens, isBlasting }, now)
  }

  /** Asks who sends, unless somebody keeps saying so, and says who we are. */
  #query(now: Micros): void {
    const from = this.#site.query(now)
    if (from !== undefined) this.#out.push({ type: 'query', from })
  }

  #listen(now: Micros): void {
    if (!this.#listening.look(this.transmitters.streams(), now)) return
    this.#out.push({ type: 'rejoin' })
    const { totalBytes } = this.#options.tree.geometry
    const news = this.#listening.news(totalBytes - this.assembly.ledger.bytes)
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
    const { isAway } = this.swarm.division
    const peers = this.swarm.links().filter(link => !link.seeder && !isAway(link))
    const peersHoldData = peers.some(link => link.complete || (link.held?.count ?? 0) > 0)
    const situation = {
      multicast: this.#options.multicast,
      deaf: this.#whyDeaf,
      startedAt: this.#startedAt,
      begun: this.assembly.ledger.bytes > 0,
      transmitters,
      peersHoldData,
      isRelayed: this.#site.isRelayed,
      isUndecided: this.#site.isUndecided(now),
    }
    const plan = planFor(situation, now)
    const isAlone = plan === 'anything' || plan === 'relayed'
    this.#tellWhy(isAlone ? whySwarmOnly(situation, now) : undefined, plan)
    if (plan === this.#plan) return
    const before = this.#plan
    this.#plan = plan
    if (plan === 'anything') this.swarm.news.hurry(now)
    // The end of a blast must not set everybody on the transmitter for what the peers have as well.
    const isOwed = peersHoldData && !this.transmitters.areCutShort
    this.#sparesSeeder = plan === 'behind' || (before === 'behind' && isOwed)
    this.#wants.nothing()
    if (plan === 'anything') this.#wants.everything(this.assembly.verified, now)
    else if (plan === 'relayed') this.#site.rewind(now)
    else if (plan === 'behind') {
      for (const stream of this.transmitters.streams()) {
        const upTo = stream.reached
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
    const isConfined = this.#plan === 'relayed'
    const isBehind = isConfined || this.#plan === 'behind'
    const behindLoss = isBehind ? this.transmitters.lossFraction : undefined
    return { behindLoss, sparesSeeder: this.#sparesSeeder, isConfined }
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
    const streams = [...this.transmitters.streams()]
    const view = { progress: this.progress, load: this.#load, streams }
    for (const { link, message } of this.#reporter.take(view, now))
      if (!(this.complete && message.type === 'missing')) this.swarm.send(link, message, now)
  }

  /** Complete: serves while somebody may need it, and longer where no sender is left to do so. */
  #serveOn(now: Micros): void {
    if (this.#options.stay || this.#site.relay?.isDrained === false) return
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
