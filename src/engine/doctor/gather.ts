// Gathers the facts that the doctor's checks go by: what the system tells, and what a few datagrams
// and calls bring to light. Everything at once, so that it takes as long as the slowest.

import { endpointsOf } from '../../core/base/endpoint.js'
import { LIMITS } from '../../core/base/limits.js'
import { groupsOf } from '../../core/doctor/ethernet.js'
import type { Facts, PortFacts, TargetFacts } from '../../core/doctor/facts.js'
import { containerKind } from '../../io/host/container.js'
import { cloudName, holderOf, kernelNumber, kernelText } from '../../io/host/kernel-file.js'
import { bridges, linksOf, unpluggedLinks, wayTo } from '../../io/host/links.js'
import { roomIn } from '../../io/host/room.js'
import { nftRuleset } from '../../io/host/ruleset.js'
import { loadNative } from '../../io/native/load.js'
import { dial } from '../../io/net/dial.js'
import { portTrouble } from '../../io/net/tcp.js'
import type { Address } from '../../ports.js'
import type { DoctorOptions } from '../api.js'
import { askTransfers } from '../lines.js'
import { DEFAULT_GROUP, DEFAULT_PEER_PORT, DEFAULT_PORT, type Place, placeOf } from '../place.js'
import { listenToGroup } from './echo.js'

export interface GatherOptions extends DoctorOptions {
  /** Only what the quick checks go by. */
  readonly quick?: boolean
  readonly listenMillis: number
}

/** @throws Mcp2pError NO_INTERFACE for a chosen interface that is not there. */
export async function gather(options: GatherOptions): Promise<Facts> {
  const place = placeFor(options)
  const { group, port, chosen, interfaces } = place
  const { quick = false, listenMillis, ttl = 1 } = options
  const dataPort = options.dataPort ?? Math.min(port + 1, 65_535)
  const peerPort = options.peerPort ?? DEFAULT_PEER_PORT
  const startedAt = { unix: Date.now(), mono: performance.now() }
  const igmp = kernelText('/proc/net/igmp')
  const echo = { group, port, dataPort, ttl, interfaces, listenMillis }
  const [heard, route, ruleset, takenTcp, targets, disk] = await Promise.all([
    listenToGroup(echo),
    routeOf(place),
    nftRuleset(),
    quick ? undefined : takenPeerPort(peerPort, chosen?.address),
    quick ? [] : targetsOf(options, chosen?.address),
    quick ? undefined : roomIn(options.out ?? '.'),
  ])
  const { udp, why } = loadNative()
  const unixMillis = Date.now()
  const passedMillis = performance.now() - startedAt.mono
  return {
    group,
    port,
    dataPort,
    peerPort,
    ttl,
    chosen: chosen?.name,
    links: linksOf(group.includes(':') ? 6 : 4),
    bridges: bridges(),
    unplugged: unpluggedLinks(),
    route,
    ruleset,
    takenTcp,
    targets,
    disk,
    ...heard,
    membershipsMax: kernelNumber('/proc/sys/net/ipv4/igmp_max_memberships'),
    memberships: groupsOf(igmp ?? ''),
    container: containerKind(),
    cloud: cloudName(),
    native: { loaded: udp !== undefined, why },
    unixMillis,
    date: new Date(unixMillis).toISOString().replace(/\.\d+/, ''),
    clockStepMillis: Math.round(unixMillis - startedAt.unix - passedMillis),
    receiveBufferMaxBytes: kernelNumber('/proc/sys/net/core/rmem_max'),
  }
}

/** A host without any interface is a finding, not an error. */
function placeFor(options: GatherOptions): Place {
  try {
    return placeOf(options)
  } catch (error) {
    if (options.interface !== undefined) throw error
    const { group = DEFAULT_GROUP, port = DEFAULT_PORT } = options
    const mtuBytes = LIMITS.mtuDefault
    const longMtuBytes = mtuBytes
    const nowhere = { interfaces: [], chosen: undefined, dscp: undefined }
    return { group, port, ...nowhere, mtuBytes, longMtuBytes }
  }
}

async function routeOf({ group, port, chosen }: Place): Promise<Facts['route']> {
  if (chosen !== undefined) return { link: chosen.name }
  return wayTo(group, port)
}

async function takenPeerPort(
  port: number,
  host: string | undefined,
): Promise<PortFacts | undefined> {
  const code = await portTrouble(port, host)
  if (code === undefined) return undefined
  const holder = holderOf('tcp', port)
  return { port, code, holder: holder && `${holder.name} (pid ${holder.pid})`, pid: holder?.pid }
}

async function targetsOf(
  { managers = [], peers = [], with: other }: DoctorOptions,
  localAddress: string | undefined,
): Promise<TargetFacts[]> {
  const named = [
    ...endpointsOf(managers).map(address => ({ kind: 'manager' as const, address })),
    ...endpointsOf(other === undefined ? peers : [...peers, other]).map(address => ({
      kind: 'peer' as const,
      address,
    })),
  ]
  return Promise.all(
    named.map(async ({ kind, address }) => {
      const way = await wayTo(address.host, address.port)
      const via = 'link' in way ? way.link : undefined
      const near = 'link' in way && way.near
      const error = await troubleWith(kind, address, localAddress)
      return { kind, endpoint: `${address.host}:${address.port}`, via, near, error }
    }),
  )
}

async function troubleWith(
  kind: 'manager' | 'peer',
  address: Address,
  localAddress: string | undefined,
): Promise<string | undefined> {
  try {
    if (kind === 'peer') (await dial(address, localAddress)).destroy()
    else if ((await askTransfers(address, localAddress)) === undefined)
      return 'it accepts the connection, but not as a manager'
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? (error as Error).message
  }
}
