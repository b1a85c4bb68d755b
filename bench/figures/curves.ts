// Document 002: download curves of six peers, of which one has all documents (its task 1), or each a
// sixth of them (its task 2); and mcp2p, which brings all of them from one host to the five others.

import { type Effort, type Figure, type Series, seconds } from './figure.js'
import { Flows, Pipe } from './flows.js'
import { simulateOurs, type Way } from './ours.js'

const PEERS = 6
const LINE_BPS = 100e6
/** Peers are started by hand, one after another (002, its second remark). */
const APART_SECONDS = 1

type Curve = (readonly [documents: number, seconds: number])[]

/**
 * Each fetches one document after another, of whoever `holderOf` names; returns for each peer when it
 * had how many, from its own start. A peer without wishes only serves.
 */
export function simulateDocuments(
  wishes: readonly (readonly number[])[],
  documentBytes: number,
  apartSeconds = APART_SECONDS,
): Curve[] {
  const flows = new Flows()
  const lines = wishes.map(() => ({ up: new Pipe(LINE_BPS / 8), down: new Pipe(LINE_BPS / 8) }))
  const curves: Curve[] = wishes.map(() => [])
  let started = 0
  for (const [peer, holders] of wishes.entries()) {
    if (holders.length === 0) continue
    const start = apartSeconds * started++
    const next = (): void => {
      const curve = curves[peer]
      if (curve.length === holders.length) return
      const from = lines[holders[curve.length]].up
      flows.start([from, lines[peer].down], documentBytes, () => {
        curve.push([curve.length + 1, flows.now - start])
        next()
      })
    }
    flows.after(start, next)
  }
  flows.run()
  return curves
}

/** All from the first. */
export function centralised(documents: number): number[][] {
  const each = Array.from({ length: documents - documents / PEERS }, () => 0)
  return Array.from({ length: PEERS }, (_, peer) => (peer === 0 ? [] : each))
}

/** A sixth from each of the others, the next one first. */
export function distributed(documents: number): number[][] {
  return Array.from({ length: PEERS }, (_, peer) =>
    Array.from({ length: documents - documents / PEERS }, (_, i) => {
      const turn = Math.floor((i * PEERS) / documents)
      return (peer + 1 + turn) % PEERS
    }),
  )
}

function oursCurve(way: Way, documents: number, documentBytes: number, seed: number): Curve {
  const curve: Curve = []
  const { outcome } = simulateOurs({
    way,
    receivers: PEERS - 1,
    sizeBytes: documents * documentBytes,
    files: documents,
    lineBps: LINE_BPS,
    seed,
    watch: {
      everyMicros: documentBytes / 2,
      look: world => {
        const { verified } = world.receivers[PEERS - 2]!
        const have = (documents * verified.count) / verified.size
        curve.push([have, world.network.scheduler.now / 1e6])
      },
    },
  })
  const end = outcome.lastSeconds + outcome.blastSeconds
  return [...curve, [documents, end] as const].map(
    ([x, y]) => [x, y - outcome.blastSeconds] as const,
  )
}

export function figure002({ quick, seed }: Effort): Figure {
  const documents = quick ? 12 : 60
  const documentBytes = 1024 * 1024
  const central = simulateDocuments(centralised(documents), documentBytes).slice(1)
  const shared = simulateDocuments(distributed(documents), documentBytes)
  const ours = oursCurve('multicast', documents, documentBytes, seed)
  const swarm = oursCurve('swarm', documents, documentBytes, seed)
  const end = (curve: Curve): string => seconds(curve[curve.length - 1][1])
  const of = (curves: Curve[], hue: Series['hue'], name: string): Series[] => [
    { name: `${name}: first peer`, role: 'model', hue, points: curves[0] },
    { name: `${name}: last peer`, role: 'formula', hue, points: curves[curves.length - 1] },
  ]
  return {
    name: '002-download-curves',
    source: 'document 002, tasks 1 and 2',
    title: 'One peer has everything, or each a part: how long documents take',
    setting: `6 peers, ${documents} documents of 1 MiB, 100 Mbit/s, started 1 s apart`,
    x: { label: 'documents that a peer has fetched' },
    y: { label: 'seconds since it began' },
    series: [
      ...of(central, 'vermilion', 'centralised (task 1), modelled'),
      ...of(shared, 'orange', 'P2P (task 2), modelled'),
      { name: 'mcp2p, multicast, last receiver', role: 'ours', hue: 'blue', points: ours },
      { name: 'mcp2p, swarm alone, last receiver', role: 'ours', hue: 'green', points: swarm },
    ],
    rows: [
      {
        what: 'centralised: first peer',
        seed: 'faster than who comes later',
        model: end(central[0]),
      },
      {
        what: 'centralised: slowest peer',
        seed: 'slower with each request',
        model: seconds(Math.max(...central.map(curve => curve[curve.length - 1][1]))),
      },
      {
        what: 'P2P: slowest peer',
        seed: 'drastically less',
        model: seconds(Math.max(...shared.map(curve => curve[curve.length - 1][1]))),
      },
      { what: `mcp2p, multicast, all ${documents}`, ours: end(ours) },
      { what: `mcp2p, swarm alone, all ${documents}`, ours: end(swarm) },
    ],
    notes: [
      "The seed's curves are pictures and its text has no times, nor how many peers and documents: six peers of ten documents each, and documents of 1 MiB, are assumed; its three findings are in the table.",
      'A sixth is here already, so peers fetch five sixths; mcp2p brings all of it, from one host that has everything, as in task 1.',
      "mcp2p does not bring documents one after another by a peer's wish: its curve is what share of all bytes is here, in documents.",
    ],
  }
}
