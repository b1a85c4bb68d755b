// Sites and racks: shared lines share, multicast stays where it should, and bursts are bursts.

import { expect, it } from 'vitest'
import { Prng } from '../../src/core/base/prng.js'
import type { Host } from './host.js'
import { Run } from './link.js'
import { Loss } from './loss.js'
import { Network } from './network.js'
import { SCENARIOS } from './scenarios.js'
import { Topology } from './topology.js'
import { World } from './world.js'

const GROUP = '224.0.67.67'
const BYTES = 1400

/** Who hears 64 datagrams of the first host, and when the last of them came, in milliseconds. */
function heard(network: Network, hosts: readonly Host[]): (number | undefined)[] {
  const at: (number | undefined)[] = hosts.map(() => undefined)
  const processes = hosts.map(host => network.start(host))
  for (const [i, process] of processes.entries())
    process.join(GROUP, 1, () => (at[i] = network.scheduler.now / 1e3))
  const run = new Run(64, BYTES, 'x')
  expect(processes[0].multicast(GROUP, 1, run)).toBe(64)
  network.scheduler.run(10e6)
  return at
}

function treeOf(multicast: 'rack' | 'site' | 'everywhere'): (number | undefined)[] {
  const network = new Network(1)
  const line = { mbps: 10, delayMillis: 7 }
  const topology = new Topology(network, { sites: 2, racks: 2, site: line, multicast })
  const hosts = topology.racks.flatMap((place, i) =>
    [0, 1].map(j =>
      network.addHost({ address: `10.0.${i}.${j}`, place, upBps: 1e9, downBps: 1e9 }),
    ),
  )
  return heard(network, hosts)
}

it('multicast goes as far as it is let, and pays for every line it takes', () => {
  const hears = (at: (number | undefined)[]): string =>
    at.map(t => (t === undefined ? '-' : 'h')).join('')
  expect(hears(treeOf('rack'))).toBe('-h------')
  expect(hears(treeOf('site'))).toBe('-hhh----')
  const everywhere = treeOf('everywhere')
  expect(hears(everywhere)).toBe('-hhhhhhh')
  // 64 × 1466 bytes over 10 Mbit/s, once however many hear it, and 7 ms twice.
  const lineMillis = (64 * (BYTES + 66) * 8) / 10e3
  for (const at of everywhere.slice(4)) {
    expect(at).toBeGreaterThan(lineMillis + 14)
    expect(at).toBeLessThan(lineMillis + 14 + 4)
  }
})

it('connections share the line of their site, and those within it do not need it', () => {
  const network = new Network(1)
  const site = network.addPlace({ upBps: 20e6, downBps: 20e6, delayMicros: 5_000 })
  const fast = { upBps: 1e9, downBps: 1e9 }
  const far = [0, 1, 2].map(i => network.addHost({ ...fast, address: `10.0.0.${i}` }))
  const near = [0, 1, 2].map(i => network.addHost({ ...fast, address: `10.1.0.${i}`, place: site }))
  const done = new Map<string, number>()
  const transfer = (from: Host, to: Host): void => {
    const target = network.processAt(to.address) ?? network.start(to)
    target.listen(7, socket => {
      socket.onMessages = () => done.set(socket.address, network.scheduler.now / 1e6)
    })
    network.start(from).connect(
      to.address,
      7,
      socket => socket.send('x', 5e6),
      () => {},
    )
  }
  transfer(far[0], near[0])
  transfer(far[1], near[0])
  transfer(near[1], near[2])
  network.scheduler.run(60e6)
  const each = (5e6 * 8) / 20e6
  expect(done.get('10.0.0.0')).toBeGreaterThan(1.6 * each)
  expect(Math.max(done.get('10.0.0.0')!, done.get('10.0.0.1')!)).toBeGreaterThan(2 * each)
  expect(Math.max(done.get('10.0.0.0')!, done.get('10.0.0.1')!)).toBeLessThan(2.4 * each)
  expect(done.get('10.1.0.1')).toBeLessThan(0.2)
})

it('bursts lose the same fraction, so many at a time', () => {
  for (const [fraction, burst] of [
    [0.02, 20],
    [0.1, 4],
    [0.05, 1],
  ]) {
    const loss = new Loss(fraction, 0, new Prng(3), burst)
    let holes = 0
    for (let i = 0; i < 20_000; i++) {
      const left = loss.thin([0, 50], 0)
      if (left.length === 0 || left[0] > 0) holes++
      for (let j = 1; j < left.length; j += 2) if (left[j] < 50) holes++
    }
    const lost = loss.lostDatagrams / 1e6
    expect(lost / fraction).toBeGreaterThan(0.9)
    expect(lost / fraction).toBeLessThan(1.1)
    // A burst may lie over the end of a run and count twice.
    const mean = loss.lostDatagrams / holes
    expect(mean).toBeGreaterThan(0.6 * burst)
    expect(mean).toBeLessThan(1.1 * burst)
  }
})

it('a site apart gets all over its line, once, though no datagram of the sender comes to it', () => {
  const sizeBytes = 8 * 1024 * 1024
  const scenario = SCENARIOS['two-sites']
  const world = new World({ scenario, receivers: 6, sizeBytes, seed: 1 })
  const outcome = world.run()
  expect(outcome.problems).toEqual([])
  const { countedBytes } = world.network.places[2].down.link
  expect(countedBytes).toBeGreaterThan(sizeBytes)
  expect(countedBytes).toBeLessThan(1.1 * sizeBytes)
  expect(outcome.lastSeconds).toBeGreaterThan((sizeBytes * 8) / 20e6)
})
