// Document 004, figure 1: how many packets wait at a line that is so full. By theory, by random packets
// at the simulator's own line, and behind mcp2p's sender, which spaces what it sends.

import { Prng } from '../../src/core/base/prng.js'
import { Link, UDP_WIRE_BYTES } from '../../test/sim/link.js'
import { World } from '../../test/sim/world.js'
import type { Effort, Figure, Row, Series } from './figure.js'
import { waitingOfEqual, waitingOfVaried } from './formulas.js'

const LINE_BPS = 100e6
const PACKET_BYTES = 1398 + UDP_WIRE_BYTES
const MIB = 1024 * 1024

/** Packets come at random (exponential gaps); mean of how many wait or are on the wire when one comes. */
export function simulateQueue(
  utilisation: number,
  packets: number,
  varied: boolean,
  seed: number,
): number {
  const prng = new Prng(seed)
  const link = new Link({ rateBps: LINE_BPS, queueBytes: Number.POSITIVE_INFINITY })
  const gapMicros = (PACKET_BYTES * 8e6) / LINE_BPS / utilisation
  const drawn = (): number => -Math.log(1 - prng.unit())
  let now = 0
  let waited = 0
  for (let i = 0; i < packets; i++) {
    now += gapMicros * drawn()
    waited += link.backlogBytes(now) / PACKET_BYTES
    link.push(PACKET_BYTES * (varied ? drawn() : 1), 1, now)
  }
  // By Little's law: the mean wait, in packet times, at the rate at which they come.
  return (utilisation * waited) / packets
}

/** mcp2p at a given share of its receivers' line: how full that is, and how many packets wait at it. */
export function simulateBlast(share: number, sizeBytes: number, seed: number): [number, number] {
  const world = new World({
    scenario: {
      about: 'a slow line behind a fast one',
      kinds: [{ share: 1, line: { mbps: LINE_BPS / 1e6 } }],
      timesMax: 40,
      slackSeconds: 30,
    },
    receivers: 2,
    sizeBytes,
    seed,
    lineBps: 10 * LINE_BPS,
    rateBps: (share * LINE_BPS * 1398) / PACKET_BYTES,
  })
  const { scheduler, hosts } = world.network
  const { down } = hosts[1]
  const samples: number[] = []
  let [from, to] = [
    { at: 0, bytes: 0 },
    { at: 0, bytes: 0 },
  ]
  const look = (): void => {
    const { sender } = world.seeders[0].seed
    if (sender.pass > 1) return
    // The middle of the blast: neither its start nor its last batch.
    if (sender.passFraction > 0.2 && sender.passFraction < 0.8) {
      to = { at: scheduler.now, bytes: down.wireBytes }
      if (samples.length === 0) from = to
      samples.push(down.backlogBytes(scheduler.now) / PACKET_BYTES)
    }
    scheduler.after(997, look)
  }
  scheduler.after(997, look)
  const { problems } = world.run()
  if (problems.length > 0) throw new Error(`blast at ${share}: ${problems[0]}`)
  const utilisation = ((to.bytes - from.bytes) * 8e6) / (to.at - from.at) / LINE_BPS
  return [utilisation, samples.reduce((sum, each) => sum + each, 0) / samples.length]
}

type Curve = readonly (readonly [share: number, waiting: number])[]

/** Packets that wait by the share of the line in use. */
interface Measured {
  readonly equal: Curve
  readonly varied: Curve
  readonly blasts: Curve
}

export function figure1({ quick, seed }: Effort): Figure {
  const some = quick ? [0.5, 0.8] : [0.2, 0.4, 0.6, 0.7, 0.8, 0.85, 0.9, 0.94, 0.96]
  const packets = quick ? 20_000 : 1_000_000
  const measured: Measured = {
    equal: some.map(share => [share, simulateQueue(share, packets, false, seed)] as const),
    varied: some.map(share => [share, simulateQueue(share, packets, true, seed)] as const),
    blasts: some.map(share => simulateBlast(share, (quick ? 4 : 32) * MIB, seed)),
  }
  return {
    name: '004-figure-1',
    source: 'document 004, figure 1',
    title: 'How many packets wait at a line that is so full',
    setting: `100 Mbit/s, ${PACKET_BYTES} bytes a packet on the wire`,
    x: { label: 'utilisation of the line, %', from: 0, to: 100 },
    y: { label: 'packets waiting, mean', from: 0, to: 25 },
    series: seriesOf(measured),
    rows: rowsOf(measured),
    notes: [
      "The seed's curve is a picture without numbers in its text, except that packets begin to queue at 80 %; the shape is that of queueing theory.",
      'Behind mcp2p the queue is not that of random traffic: what it sends comes in batches, as a timer lets them, and between two batches the line drains, however full it is. A batch is as long as its rate makes it; it is what waits, not chance.',
    ],
  }
}

function percent(curve: Curve): [number, number][] {
  return curve.map(([share, waiting]) => [100 * share, waiting])
}

function seriesOf({ equal, varied, blasts }: Measured): Series[] {
  const shares = Array.from({ length: 49 }, (_, i) => (i + 1) / 50)
  return [
    {
      name: 'sizes vary, theory (M/M/1)',
      role: 'formula',
      hue: 'vermilion',
      points: percent(shares.map(u => [u, waitingOfVaried(u)] as const).filter(([, y]) => y < 25)),
    },
    {
      name: 'sizes vary, simulated',
      role: 'model',
      hue: 'vermilion',
      points: percent(varied),
      loose: true,
    },
    {
      name: 'one size, theory (M/D/1)',
      role: 'formula',
      hue: 'orange',
      points: percent(shares.map(u => [u, waitingOfEqual(u)] as const)),
    },
    {
      name: 'one size, simulated',
      role: 'model',
      hue: 'orange',
      points: percent(equal),
      loose: true,
    },
    {
      name: "seed: queues begin (its text's 80 %)",
      role: 'seed',
      hue: 'black',
      points: [[80, waitingOfVaried(0.8)]],
    },
    {
      name: "mcp2p's blast, queue at the receiver's line",
      role: 'ours',
      hue: 'blue',
      points: percent(blasts),
    },
  ]
}

function rowsOf({ equal, varied, blasts }: Measured): Row[] {
  const waiting = (value: number): string => `${value.toFixed(2)} packets wait`
  const at80 = (curve: Curve): number => curve.find(([share]) => share === 0.8)![1]
  return [
    {
      what: 'random packets at 80 %',
      seed: 'packets begin to queue (4.3)',
      model: `${waiting(at80(equal))} (one size), ${at80(varied).toFixed(2)} (sizes vary)`,
    },
    {
      what: 'in theory at 80 %',
      model: `${waiting(waitingOfEqual(0.8))} (one size), ${waitingOfVaried(0.8).toFixed(2)} (sizes vary)`,
    },
    ...blasts.map(([use, queue]) => ({
      what: `mcp2p at ${(100 * use).toFixed(1)} %`,
      ours: waiting(queue),
    })),
  ]
}
