// The machine's network interfaces with what the doctor wants to know of each: cable, MTU, radio,
// bridge; and which of them leads to an address, as the kernel's own routes say.

import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { existsSync } from 'node:fs'
import { BlockList } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { BridgeFacts, LinkFacts } from '../../core/doctor/facts.js'
import { kernelNumber, namesIn } from './kernel-file.js'

/** Interfaces that are up and have an address of the family; an address that a link shares comes once. */
export function linksOf(family: 4 | 6): LinkFacts[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses]) => {
    const own = addresses?.find(each => each.family === `IPv${family}`)
    if (own === undefined) return []
    const folder = `/sys/class/net/${name.replace(/:.*$/, '')}`
    const index = kernelNumber(`${folder}/ifindex`)
    const peer = kernelNumber(`${folder}/iflink`)
    return {
      name,
      address: own.address,
      internal: own.internal,
      mtuBytes: linkMtu(name),
      wireless: existsSync(`${folder}/wireless`) || existsSync(`${folder}/phy80211`),
      paired: index !== peer && peer !== undefined && peer !== 0,
      bridge: existsSync(`${folder}/bridge`),
    }
  })
}

/** Up, yet without a carrier: node's list of interfaces leaves those out. */
export function unpluggedLinks(): string[] {
  return namesIn('/sys/class/net').filter(
    name => kernelNumber(`/sys/class/net/${name}/carrier`) === 0,
  )
}

/** Undefined where the system does not tell. */
export function linkMtu(name: string): number | undefined {
  return kernelNumber(`/sys/class/net/${name.replace(/:.*$/, '')}/mtu`)
}

/** Bridges of this machine, as far as they snoop. */
export function bridges(): BridgeFacts[] {
  return namesIn('/sys/class/net').flatMap(name => {
    const number = (what: string) => kernelNumber(`/sys/class/net/${name}/bridge/multicast_${what}`)
    const snooping = number('snooping')
    if (snooping === undefined) return []
    return {
      name,
      snooping: snooping === 1,
      querier: number('querier') === 1,
      // The kernel counts both in hundredths of a second.
      queryEveryMillis: 10 * (number('query_interval') ?? 0),
      membershipMillis: 10 * (number('membership_interval') ?? 0),
    }
  })
}

/** The interface that leads to `host`, and whether `host` is in its own network. */
export async function wayTo(
  host: string,
  port: number,
): Promise<{ link: string; near: boolean } | { error: string }> {
  try {
    const { address, family } = await lookup(host)
    const own = await sourceTowards(address, port, family === 6)
    for (const [name, addresses] of Object.entries(networkInterfaces())) {
      const found = addresses?.find(each => each.address === own.replace(/%.*$/, ''))
      if (found === undefined) continue
      const bits = Number(found.cidr?.split('/')[1])
      const network = new BlockList()
      network.addSubnet(found.address, bits, family === 6 ? 'ipv6' : 'ipv4')
      const near = network.check(address.replace(/%.*$/, ''), family === 6 ? 'ipv6' : 'ipv4')
      return { link: name, near: near || found.internal }
    }
    return { error: 'by an interface that is not up' }
  } catch (error) {
    return { error: (error as NodeJS.ErrnoException).code ?? String(error) }
  }
}

/** The address that the kernel would send from: a connected socket has it, and nothing is sent. */
function sourceTowards(host: string, port: number, six: boolean): Promise<string> {
  const socket = createSocket(six ? 'udp6' : 'udp4')
  return new Promise<string>((resolve, reject) => {
    socket.once('error', reject)
    socket.connect(port, host, (error?: Error) => {
      if (error) reject(error)
      else resolve(socket.address().address)
    })
  }).finally(() => socket.close())
}
