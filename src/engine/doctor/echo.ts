// The doctor's own ear at the group: joins it as a receiver would, sends it a datagram by each
// interface, and sees which come back and who else is there. What it sends is a question for a
// transfer that nobody has, so that no sender answers; a second one, for any, makes senders speak up.

import { randomBytes } from 'node:crypto'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { hexOf } from '../../core/base/bytes.js'
import { LIMITS } from '../../core/base/limits.js'
import type { EchoFacts, Facts, OtherFacts, PortFacts } from '../../core/doctor/facts.js'
import { decodeAnnounce, encodeQuery } from '../../core/wire/announce.js'
import { DATAGRAM, emptyHeader, HEADER_BYTES, readHeader } from '../../core/wire/datagram.js'
import { holderOf } from '../../io/host/kernel-file.js'
import type { Group } from '../../io/net/group.js'
import type { Interface } from '../../io/net/interfaces.js'
import { openGroup, openOutlet } from '../../io/net/sockets.js'

export interface EchoOptions {
  readonly group: string
  readonly port: number
  readonly dataPort: number
  readonly ttl: number
  readonly interfaces: readonly Interface[]
  /** How long is listened. */
  readonly listenMillis: number
}

export type Heard = Pick<Facts, 'joined' | 'joinError' | 'takenUdp' | 'echoes' | 'others'>

/** The name in a sent datagram's session, and what became of it. */
interface Probe {
  readonly link: string
  readonly port: number
  error?: string
  heard: boolean
}

/** Never rejects: what cannot be done is what is to be told. */
export async function listenToGroup(options: EchoOptions): Promise<Heard> {
  return new Echo(options).run()
}

class Echo {
  readonly #options: EchoOptions
  readonly #run = randomBytes(4).readUInt32BE(0)
  readonly #probes: Probe[] = []
  readonly #others = new Map<string, OtherFacts>()
  readonly #header = emptyHeader()
  #joined: readonly string[] = []
  #joinError: string | undefined
  #takenUdp: PortFacts | undefined

  constructor(options: EchoOptions) {
    this.#options = options
  }

  async run(): Promise<Heard> {
    const { port, dataPort, listenMillis, interfaces } = this.#options
    const groups: Group[] = []
    const ports = interfaces.length > 0 ? [port, dataPort] : []
    for (const each of ports) groups.push(...(await this.#open(each)))
    if (this.#takenUdp === undefined && groups.length > 0) {
      for (const each of this.#senders()) await this.#send(each)
      await sleep(listenMillis)
      for (const group of groups) group.look()
      await turn() // what has arrived is read before it is judged, however late we come
    }
    for (const group of groups) await group.close()
    return {
      joined: this.#joined,
      joinError: this.#joinError,
      takenUdp: this.#takenUdp,
      echoes: this.#probes satisfies EchoFacts[],
      others: [...this.#others.values()],
    }
  }

  async #open(port: number): Promise<Group[]> {
    const { group, interfaces } = this.#options
    try {
      const onDatagram = (bytes: Uint8Array, at: number, length: number, source: string): void =>
        this.#hear(bytes.subarray(at, at + length), source, port)
      const opened = await openGroup({ group, port, interfaces, onDatagram })
      this.#joined = opened.joinedOn.map(({ name }) => name)
      return [opened]
    } catch (error) {
      const { code = String(error) } = ((error as Error).cause ?? error) as NodeJS.ErrnoException
      if (code === 'EADDRINUSE' || code === 'EACCES') {
        const holder = holderOf('udp', port)
        const who = holder && `${holder.name} (pid ${holder.pid})`
        this.#takenUdp ??= { port, code, holder: who, pid: holder?.pid }
      } else this.#joinError = code
      return []
    }
  }

  /** Loopback only where there is nothing else. */
  #senders(): readonly Interface[] {
    const joined = this.#options.interfaces.filter(({ name }) => this.#joined.includes(name))
    const outside = joined.filter(({ internal }) => !internal)
    return outside.length > 0 ? outside : joined
  }

  async #send({ name, address }: Interface): Promise<void> {
    const { group, ttl, port, dataPort } = this.#options
    const sent = [port, dataPort].map(each => this.#probe(name, each))
    try {
      const outlet = await openOutlet({
        group,
        ttl,
        address,
        interfaceName: name,
        datagramBytes: 512,
        slots: 4,
      })
      let current = sent[0]
      const put = (bytes: Uint8Array, to: number): void => {
        outlet.slot().set(bytes)
        outlet.send(bytes.length, to)
        outlet.flush()
      }
      for (const probe of sent) {
        current = probe
        outlet.onError = error => {
          current.error ??= error.code
        }
        put(this.#question(probe), probe.port)
        await sleep(1) // node's dgram tells of an error later
      }
      put(encodeQuery({ high: this.#run, low: 0xffff_ffff }, {}), port)
      await sleep(1)
      await outlet.close()
    } catch (error) {
      for (const probe of sent) probe.error ??= (error as NodeJS.ErrnoException).code ?? 'EIO'
    }
  }

  #probe(link: string, port: number): Probe {
    const probe: Probe = { link, port, heard: false }
    this.#probes.push(probe)
    return probe
  }

  #question(probe: Probe): Uint8Array {
    const session = { high: this.#run, low: this.#probes.indexOf(probe) }
    return encodeQuery(session, { id: hexOf(randomBytes(32)) })
  }

  #hear(bytes: Uint8Array, source: string, port: number): void {
    const header = this.#header
    if (!readHeader(bytes, 0, bytes.length, header)) return this.#note({ host: source, port })
    if (header.type === DATAGRAM.query && header.sessionHigh === this.#run) {
      const probe = this.#probes[header.sessionLow]
      if (probe !== undefined && probe.port === port) probe.heard = true
    } else if (header.type === DATAGRAM.announce) {
      const name = decodeAnnounce(bytes.subarray(HEADER_BYTES))?.name
      if (name !== undefined) this.#note({ host: source, port, name })
    }
  }

  #note(other: OtherFacts): void {
    if (this.#others.size >= LIMITS.sessionsMax) return
    this.#others.set(`${other.host} ${other.port} ${other.name}`, other)
  }
}
