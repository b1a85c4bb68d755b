// Document 004, figure X: 100, 200, 600 and 1,200 hosts, where time grows only slightly, and only for
// slow hosts that are the likelier the more there are. mcp2p with as many, alike or with slow ones.

import type { Kind } from '../../test/sim/topology.js'
import { type Effort, type Figure, seconds, times } from './figure.js'
import { simulateOurs, type Way } from './ours.js'

const MIB = 1024 * 1024
const LINE_BPS = 100e6
const RACK_HOSTS = 25
const SLOW: readonly Kind[] = [{ share: 1 / 80, line: { mbps: 60 } }]

interface Crowd {
  readonly receivers: number
  readonly medianSeconds: number
  readonly lastSeconds: number
}

function simulate(
  way: Way,
  receivers: number,
  sizeBytes: number,
  seed: number,
  kinds?: readonly Kind[],
): Crowd {
  const racks = Math.max(1, Math.ceil(receivers / RACK_HOSTS))
  const { medianSeconds, lastSeconds } = simulateOurs({
    way,
    receivers,
    sizeBytes,
    lineBps: LINE_BPS,
    seed,
    kinds,
    tree: { sites: 1, racks, rack: { mbps: 1000 }, multicast: 'everywhere' },
    ownRate: kinds !== undefined,
  })
  return { receivers, medianSeconds, lastSeconds }
}

export function figureX({ quick, seed }: Effort): Figure {
  const counts = quick ? [10, 20] : [100, 200, 600, 1200]
  const swarmCounts = quick ? [10] : [100, 200]
  const sizeBytes = (quick ? 4 : 32) * MIB
  const even = counts.map(n => simulate('multicast', n, sizeBytes, seed))
  const mixed = counts.map(n => simulate('multicast', n, sizeBytes, seed, SLOW))
  const swarm = swarmCounts.map(n => simulate('swarm', n, sizeBytes, seed))
  const lasts = (crowds: readonly Crowd[]): [number, number][] =>
    crowds.map(({ receivers, lastSeconds }) => [receivers, lastSeconds])
  const row = (what: string, crowds: readonly Crowd[]) => ({
    what,
    ours: crowds
      .map(
        ({ receivers, medianSeconds, lastSeconds }) =>
          `${receivers}: ${medianSeconds.toFixed(2)} / ${seconds(lastSeconds)}`,
      )
      .join(', '),
  })
  const growth = (crowds: readonly Crowd[]): string =>
    times(crowds[crowds.length - 1].lastSeconds / crowds[0].lastSeconds)
  const top = Math.max(...[...even, ...mixed, ...swarm].map(({ lastSeconds }) => lastSeconds))
  return {
    name: '004-figure-X',
    source: 'document 004, figure X',
    title: 'A hundred to twelve hundred hosts',
    setting: `${sizeBytes / MIB} MiB, 100 Mbit/s, racks of ${RACK_HOSTS} hosts that share 1 Gbit/s`,
    x: { label: 'receivers', from: 0, to: counts[counts.length - 1] * 1.02, ticks: counts },
    y: { label: 'seconds until the last receiver has the file', from: 0, to: Math.ceil(top * 1.1) },
    series: [
      { name: 'mcp2p, multicast', role: 'ours', hue: 'blue', points: lasts(even) },
      {
        name: 'mcp2p, multicast, own rate, 1 in 80 has 60 Mbit/s',
        role: 'ours',
        hue: 'sky',
        points: lasts(mixed),
      },
      { name: 'mcp2p, swarm alone', role: 'ours', hue: 'green', points: lasts(swarm) },
    ],
    rows: [
      {
        what: `growth of time from ${counts[0]} to ${counts[counts.length - 1]}`,
        seed: '"only slightly" (5.3)',
        ours: `${growth(even)}; with slow hosts ${growth(mixed)}`,
      },
      row('multicast, median / last', even),
      row('multicast with slow hosts, median / last', mixed),
      row('swarm alone, median / last', swarm),
    ],
    notes: [
      'The seed shows bandwidth over time in a picture, of live traffic; its text has no times and no file size. What it says can be compared: growth from 100 to 1,200 hosts, and its cause, slow hosts.',
      `The swarm alone is simulated up to ${swarmCounts[swarmCounts.length - 1]} hosts: beyond, the simulation of every connection takes minutes, and this page may not.`,
      'Simulated crowds of 250 and more take coarser steps of time (8 ms), which costs them a little.',
    ],
  }
}
