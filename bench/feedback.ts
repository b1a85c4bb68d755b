// `npm run bench -- feedback`: what the receivers' reports cost a sender, from ten receivers to ten
// thousand. The real sender core with its own rate controller, in virtual time; the receivers are
// connections that report as often as they are told to. Only the work that follows from what comes
// in is on the clock: the blast itself costs the same whoever listens.

import { Prng } from '../src/core/base/prng.js'
import { Geometry, symbolBytesOf, symbolsPerBlock } from '../src/core/meta/geometry.js'
import { Batch } from '../src/core/multicast/batch.js'
import { QuantileRate } from '../src/core/rate/quantile.js'
import { Seed, type SeedIn } from '../src/core/session/seed.js'
import { HEADER_BYTES } from '../src/core/wire/datagram.js'
import type { Message, Report } from '../src/core/wire/message.js'
import { messageBytes } from '../src/core/wire/peer.js'
import { circumstances, save } from './record.js'

const counts = [10, 100, 1000, 2000, 10_000]
const lineBps = 100e6
const loss = 0.01
const warmSeconds = 3
const seconds = 10
const stepMicros = 5_000
const sizeBytes = 512 * 1024 * 1024

interface Row {
  readonly receivers: number
  /** Of them, those that the sender accepted. */
  readonly connected: number
  readonly reportsPerSecond: number
  /** On the wire above TCP, each way. */
  readonly reportBytesPerSecond: number
  readonly toldBytesPerSecond: number
  /** Of one core, while it blasts. */
  readonly cpuPercent: number
  readonly cpuMicrosPerReport: number
  readonly rateMbps: number
}

export async function main(): Promise<number> {
  const rows: Row[] = []
  process.stdout.write(
    'receivers  connected  reports/s  report kB/s  told kB/s  CPU %  µs/report  Mbit/s\n',
  )
  for (const count of counts) {
    const row = new Feedback(count).run()
    rows.push(row)
    const cells = [
      row.receivers.toString().padStart(9),
      row.connected.toString().padStart(9),
      row.reportsPerSecond.toFixed(0).padStart(9),
      (row.reportBytesPerSecond / 1e3).toFixed(1).padStart(11),
      (row.toldBytesPerSecond / 1e3).toFixed(1).padStart(9),
      row.cpuPercent.toFixed(2).padStart(5),
      row.cpuMicrosPerReport.toFixed(1).padStart(9),
      row.rateMbps.toFixed(1).padStart(6),
    ]
    process.stdout.write(`${cells.join('  ')}\n`)
  }
  const setting = { lineBps, loss, warmSeconds, seconds, sizeBytes }
  const path = save('feedback', { bench: 'feedback', ...circumstances(), setting, rows })
  process.stdout.write(`written to ${path}\n`)
  return 0
}

interface Hearer {
  reportAt: number
  everyMicros: number
  /** Datagrams sent, and their bytes, until its last report. */
  datagrams: number
  bytes: number
  at: number
}

class Feedback {
  readonly #seed: Seed
  readonly #rate = new QuantileRate()
  readonly #prng = new Prng(1)
  readonly #hearers = new Map<number, Hearer>()
  readonly #count: number
  readonly #session = { high: 1, low: 1 }
  #sessionText = ''
  #now = 0
  #datagrams = 0
  #bytes = 0
  #reports = 0
  #reportBytes = 0
  #toldBytes = 0
  #cpuMicros = 0
  #isCounting = false

  constructor(count: number) {
    this.#count = count
    const geometry = new Geometry([sizeBytes], 1024 * 1024)
    this.#seed = new Seed(
      {
        id: 'ab'.repeat(32),
        name: 'feedback',
        node: 'ab'.repeat(8),
        session: this.#session,
        port: 9990,
        geometry,
        metaBytes: new Uint8Array(4096),
        metaSha256: 'ab'.repeat(32),
        prng: this.#prng.fork(),
        rate: this.#rate,
        symbolBytes: symbolBytesOf(symbolsPerBlock(1500)),
        fec: 0,
        multicast: 'auto',
        group: '224.0.67.67',
        dataPort: 6768,
        waitReceivers: count,
        waitMicros: 1e6,
        lingerMicros: 30e6,
        forever: true,
      },
      0,
    )
  }

  run(): Row {
    for (let i = 1; i <= this.#count; i++) this.#connect(i)
    while (this.#now < (warmSeconds + seconds) * 1e6) {
      this.#now += stepMicros
      this.#isCounting = this.#now > warmSeconds * 1e6
      this.#blast()
      this.#work(() => {})
      for (const [peer, hearer] of this.#hearers)
        if (this.#now >= hearer.reportAt) this.#report(peer, hearer)
    }
    return {
      receivers: this.#count,
      connected: this.#seed.receivers.size,
      reportsPerSecond: this.#reports / seconds,
      reportBytesPerSecond: this.#reportBytes / seconds,
      toldBytesPerSecond: this.#toldBytes / seconds,
      cpuPercent: this.#cpuMicros / seconds / 1e4,
      cpuMicrosPerReport: this.#cpuMicros / this.#reports,
      rateMbps: this.#rate.rateBps / 1e6,
    }
  }

  #connect(peer: number): void {
    const host = `10.${peer >> 16}.${(peer >> 8) & 255}.${peer & 255}`
    const node = peer.toString(16).padStart(16, '0')
    const id = 'ab'.repeat(32)
    const hello = { role: 'receiver', complete: false, version: 1, features: [] } as const
    this.#input({ type: 'connected', peer, host, port: 40_000, outbound: false })
    this.#hear(peer, { type: 'hello', id, node, port: 9990, ...hello })
  }

  #hear(peer: number, message: Message): void {
    this.#input({ type: 'message', peer, message })
  }

  #input(input: SeedIn): void {
    this.#work(() => this.#seed.handle(input, this.#now))
  }

  /** On the clock: what it does and what follows. */
  #work(what: () => void): void {
    const before = process.cpuUsage()
    what()
    const outs = []
    for (let out = this.#seed.poll(this.#now); out; out = this.#seed.poll(this.#now)) outs.push(out)
    const { user, system } = process.cpuUsage(before)
    if (this.#isCounting) this.#cpuMicros += user + system
    for (const out of outs) {
      if (out.type === 'read')
        this.#seed.handle({ type: 'chunk-read', chunk: out.chunk }, this.#now)
      else if (out.type === 'send') this.#onSend(out.peer, out.message)
      else if (out.type === 'close') this.#hearers.delete(out.peer)
    }
  }

  #onSend(peer: number, message: Message): void {
    if (this.#isCounting) this.#toldBytes += messageBytes(message)
    if (message.type !== 'blast') return
    this.#sessionText = message.session
    const everyMicros = 1e3 * message.reportMillis
    const known = this.#hearers.get(peer)
    if (known === undefined) {
      const reportAt = this.#now + this.#prng.unit() * everyMicros
      const heard = { datagrams: this.#datagrams, bytes: this.#bytes, at: this.#now }
      this.#hearers.set(peer, { reportAt, everyMicros, ...heard })
      return
    }
    known.everyMicros = everyMicros
    known.reportAt = Math.min(known.reportAt, this.#now + everyMicros)
  }

  /** The line carries what it carries; the rest was for nobody. */
  #blast(): void {
    const batch = new Batch(512)
    this.#seed.fill(batch, this.#now, stepMicros)
    let bytes = 0
    for (let i = 0; i < batch.count; i++) bytes += HEADER_BYTES + batch.bytes[i]
    if (bytes === 0) return
    this.#datagrams += batch.count
    this.#bytes += bytes
    this.#seed.handle({ type: 'left', bytes }, this.#now)
  }

  #report(peer: number, hearer: Hearer): void {
    const intervalMicros = this.#now - hearer.at
    const sent = this.#bytes - hearer.bytes
    const carried = Math.min(1, (lineBps * intervalMicros) / 8e6 / Math.max(1, sent))
    const through = carried * (1 - loss * 2 * this.#prng.unit())
    const expected = this.#datagrams - hearer.datagrams
    const report: Report = {
      type: 'report',
      session: this.#sessionText,
      intervalMicros,
      highestSequence: this.#datagrams,
      expected,
      received: Math.round(expected * through),
      receivedBytes: Math.round(sent * through),
      duplicates: 0,
      kernelDrops: 0,
      queueMicros: carried < 1 ? 20_000 : 0,
      lagMicros: 0,
      diskQueueBytes: 0,
      progress: {
        verifiedBytes: Math.round(this.#bytes * 0.95),
        resumedBytes: 0,
        multicastBytes: Math.round(this.#bytes * 0.95),
        peerBytes: 0,
        seederBytes: 0,
      },
    }
    Object.assign(hearer, { at: this.#now, bytes: this.#bytes, datagrams: this.#datagrams })
    hearer.reportAt = this.#now + hearer.everyMicros
    if (this.#isCounting) {
      this.#reports++
      this.#reportBytes += messageBytes(report)
    }
    this.#hear(peer, report)
  }
}
