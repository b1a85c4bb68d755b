// What may keep multicast from this host or in it: interfaces, the group's route, memberships, ports,
// packet filters, other users of the group, and networks that carry none. Each check takes the facts
// and says one thing about them.

import { LIMITS } from '../base/limits.js'
import { floodedAlias, groupApartFrom, isAlias } from './ethernet.js'
import type { Facts, LinkFacts } from './facts.js'
import { failed, ok, type Verdict, warning } from './finding.js'
import { eaterOfGroup, eaterOfIgmp } from './firewall.js'
import { byWhom } from './host.js'

/** Another group and port that nobody is likely to have. */
const OTHER_GROUP = 'pass --group 239.67.67.68, or another --port, on all hosts'
const BY_TCP = "receive by TCP alone: mcp2p recv 'mcp2p:…?m=HOST:PORT', the link that send prints"

/** Interfaces beyond loopback that may be used. */
function outside({ links, chosen }: Facts): readonly LinkFacts[] {
  return links.filter(link => !link.internal && (chosen === undefined || link.name === chosen))
}

/** The interface that what is sent to the group leaves by. */
function exitOf(facts: Facts): LinkFacts | undefined {
  const { chosen, route, links } = facts
  const name = chosen ?? ('link' in route ? route.link : undefined)
  return links.find(link => link.name === name)
}

export function interfaces(facts: Facts): Verdict {
  const { chosen, links, targets } = facts
  const exit = exitOf(facts)
  if (exit?.internal && chosen !== undefined)
    return ok(`${chosen} is chosen: what is sent stays on this host`)
  const [unplugged] = facts.unplugged
  if (unplugged !== undefined && (exit === undefined || outside(facts).length === 0))
    return failed(
      `multicast would leave by ${unplugged}, which has no carrier`,
      `plug in its cable, or pass --interface ${outside(facts)[0]?.name ?? 'NAME'}`,
    )
  if (outside(facts).length === 0)
    return failed(
      'no interface is up but loopback',
      'ip link set dev eth0 up, and give it an address',
    )
  // Who is behind a router is not reached by multicast of TTL 1 in any case.
  const isOutside = (name: string) => links.some(link => link.name === name && !link.internal)
  const astray = targets.find(
    ({ via, near }) => via !== undefined && near && isOutside(via) && exit && via !== exit.name,
  )
  if (astray && exit)
    return failed(
      `multicast leaves by ${exit.name}, but ${astray.endpoint} is behind ${astray.via}`,
      `pass --interface ${astray.via}, on send and recv alike`,
    )
  const others = links.filter(each => !each.internal && each !== exit && !each.bridge)
  if (exit === undefined || chosen !== undefined || others.length === 0)
    return ok(
      outside(facts)
        .map(({ name, address }) => `${name} (${address})`)
        .join(', '),
    )
  return warning(
    `multicast leaves by ${exit.name} alone: who is behind ${others.map(each => each.name).join(', ')} does not hear what this host sends`,
    `if the receivers are there: mcp2p send … --interface ${others[0].name}`,
  )
}

export function route(facts: Facts): Verdict {
  const { group, chosen, links } = facts
  if (chosen !== undefined) return ok(`--interface ${chosen} needs no route to ${group}`)
  const exit = exitOf(facts)
  const device = links.find(link => !link.internal)?.name ?? 'eth0'
  const add = group.includes(':')
    ? `ip -6 route add multicast ff00::/8 dev ${device} table local`
    : `ip route add 224.0.0.0/4 dev ${device}`
  const todo = `${add}, or pass --interface ${device}`
  if ('error' in facts.route && facts.route.error === 'EINVAL' && group.includes(':'))
    return failed(`${group} counts on its own link only`, `pass --interface ${device}`)
  if ('error' in facts.route)
    return failed(`no route leads to ${group} (${facts.route.error})`, todo)
  if (exit?.internal)
    return failed(`the route to ${group} ends at ${exit.name}: nothing leaves this host`, todo)
  return ok(`${group} leaves by ${facts.route.link}`)
}

export function memberships(facts: Facts): Verdict | undefined {
  const { group, joined, joinError, membershipsMax, links, chosen, takenUdp } = facts
  if (takenUdp !== undefined) return undefined // it was not tried
  const wanted = links.filter(link => chosen === undefined || link.name === chosen)
  if (wanted.length === 0) return undefined
  const missing = wanted.filter(({ name }) => !joined.includes(name)).map(({ name }) => name)
  if (missing.length === 0) return ok(`${group} is joined on ${joined.join(', ')}`)
  const why = joinError === undefined ? '' : ` (${joinError})`
  const what = `${group} cannot be joined on ${missing.join(', ')}${why}`
  if (membershipsMax !== undefined && membershipsMax < wanted.length)
    return failed(
      `${what}: net.ipv4.igmp_max_memberships is ${membershipsMax}`,
      `sysctl -w net.ipv4.igmp_max_memberships=${Math.max(20, 2 * wanted.length)}`,
    )
  return failed(what, `ip link set dev ${missing[0]} multicast on, or pass another --interface`)
}

export function announcePort({ takenUdp, port, dataPort }: Facts): Verdict {
  if (takenUdp === undefined) return ok(`UDP ports ${port} and ${dataPort} can be heard`)
  const { pid } = takenUdp
  const stop = pid === undefined ? 'stop the program that has it' : `stop it (kill ${pid})`
  return failed(
    `UDP port ${takenUdp.port} cannot be shared${byWhom(takenUdp)}`,
    `${stop}, or pass another --port on all hosts`,
  )
}

export function firewall(facts: Facts): Verdict | undefined {
  const { group, echoes, ruleset = '' } = facts
  if (echoes.length === 0) return undefined
  const refused = echoes.find(({ error }) => error !== undefined)
  if (refused?.error === 'EPERM' || refused?.error === 'EACCES')
    return eaten(
      facts,
      'out',
      `a firewall keeps ${where(group, refused)} from leaving (${refused.error})`,
    )
  if (refused !== undefined)
    return failed(`${where(group, refused)} cannot be sent (${refused.error})`, 'ip addr; ip route')
  const unheard = echoes.find(({ heard }) => !heard)
  if (unheard !== undefined)
    return eaten(facts, 'in', `${where(group, unheard)} does not come back: a firewall drops it`)
  const beyond = eaterOfGroup(ruleset, wantedOf(facts), 'wire')
  if (beyond !== undefined) return warning(`a rule drops ${group}: ${beyond.what}`, beyond.repair)
  const igmp = eaterOfIgmp(ruleset)
  if (igmp !== undefined)
    return warning(
      `IGMP is dropped, so switches do not learn who listens: ${igmp.what}`,
      igmp.repair,
    )
  const names = new Set(echoes.map(({ link }) => link))
  return ok(`what is sent to ${group} comes back on ${[...names].join(', ')}`)
}

/** With the rule where it can be seen, else with where to look for it. */
function eaten(facts: Facts, way: 'in' | 'out', what: string): Verdict {
  const eater = eaterOfGroup(facts.ruleset ?? '', wantedOf(facts), way)
  if (eater !== undefined) return failed(`${what}; ${eater.what}`, eater.repair)
  const chain = way === 'in' ? 'INPUT' : 'OUTPUT'
  return failed(
    what,
    `iptables -I ${chain} -d ${facts.group} -j ACCEPT, as root; nft list ruleset shows the rules`,
  )
}

function wantedOf({ group, port, dataPort }: Facts) {
  return { group, ports: [port, dataPort] }
}

function where(group: string, { port, link }: { port: number; link: string }): string {
  return `what is sent to ${group} port ${port} by ${link}`
}

export function collision({ group, others, takenUdp }: Facts): Verdict | undefined {
  if (takenUdp !== undefined) return undefined
  const stranger = others.find(({ name }) => name === undefined)
  if (stranger !== undefined)
    return warning(
      `${stranger.host} sends something else to ${group} port ${stranger.port}`,
      OTHER_GROUP,
    )
  const [sender] = others
  if (sender === undefined) return ok(`nobody else sends to ${group} now`)
  return warning(
    `${sender.host} announces "${sender.name}" on ${group}: a recv without an argument may take that`,
    `name what you want (mcp2p recv LINK), or ${OTHER_GROUP}`,
  )
}

export function alias({ group, memberships: joined }: Facts): Verdict | undefined {
  if (group.includes(':')) return undefined
  const todo = `pass --group ${groupApartFrom([group, ...joined])}, on all hosts`
  const flooded = floodedAlias(group)
  if (flooded !== undefined)
    return warning(
      `${group} has the Ethernet address of ${flooded}, which switches flood to everybody`,
      todo,
    )
  const other = joined.find(each => isAlias(group, each))
  if (other === undefined) return ok(`no group here has the Ethernet address of ${group}`)
  return warning(
    `${other}, which a program here has joined, has the same Ethernet address as ${group}: each brings the other's datagrams`,
    todo,
  )
}

export function ttl({ ttl: hops, targets }: Facts): Verdict {
  if (hops === 0) return failed('TTL 0: nothing leaves this host', 'mcp2p send … --ttl 1')
  const far = targets.find(({ near, via }) => !near && via !== undefined)
  if (far === undefined || hops > 1)
    return ok(hops === 1 ? 'TTL 1: this subnet, no further' : `TTL ${hops}: ${hops - 1} routers`)
  return warning(
    `${far.endpoint} is behind a router, where TTL 1 does not reach`,
    'mcp2p send … --ttl 8, if the routers between forward multicast; else TCP brings it',
  )
}

export function mtu(facts: Facts): Verdict | undefined {
  const { mtuMin, mtuDefault } = LIMITS
  const known = outside(facts).filter(link => link.mtuBytes !== undefined && !link.bridge)
  if (known.length === 0) return undefined
  const sizes = known.map(({ name, mtuBytes }) => `${name} ${mtuBytes}`).join(', ')
  const small = known.find(({ mtuBytes = mtuDefault }) => mtuBytes < mtuDefault)
  if (small !== undefined) {
    const todo = `ip link set dev ${small.name} mtu 1500; where the path has less, the same on the sender`
    const what = `${small.name} has an MTU of ${small.mtuBytes}`
    return (small.mtuBytes ?? 0) < mtuMin
      ? failed(`${what}; ${mtuMin} is the least`, todo)
      : warning(`${what}: datagrams of a sender that has 1500 do not fit`, todo)
  }
  const jumbo = known.find(({ mtuBytes = mtuDefault }) => mtuBytes > mtuDefault)
  if (jumbo === undefined) return ok(`MTU: ${sizes}`)
  return warning(
    `${jumbo.name} has an MTU of ${jumbo.mtuBytes}: a switch or peer with less makes TCP stall`,
    `prove it by mcp2p doctor --with HOST, or ip link set dev ${jumbo.name} mtu 1500`,
  )
}

export function snooping({ bridges }: Facts): Verdict {
  const forgets = bridges.find(
    each => each.snooping && each.querier && each.queryEveryMillis > each.membershipMillis,
  )
  if (forgets !== undefined) {
    const { name, queryEveryMillis, membershipMillis } = forgets
    return failed(
      `the bridge ${name} forgets who listens after ${membershipMillis / 1000} s and asks only every ${queryEveryMillis / 1000} s`,
      `ip link set dev ${name} type bridge mcast_query_interval 12500 mcast_membership_interval 26000`,
    )
  }
  const names = bridges.filter(each => each.snooping).map(({ name }) => name)
  const told = names.length > 0 ? `${names.join(', ')}: fine; ` : ''
  return ok(`${told}of the switches only doctor --with HOST tells`)
}

export function wifi(facts: Facts): Verdict {
  const radio = outside(facts).find(({ wireless }) => wireless)
  if (radio === undefined) return ok('no wireless interface')
  return warning(
    `${radio.name} is wireless: multicast goes at the lowest rate there and is not repeated`,
    'use a cable, or pass --no-multicast',
  )
}

export function container(facts: Facts): Verdict {
  const { container: kind } = facts
  const paired = outside(facts).find(link => link.paired)
  if (kind === undefined) return ok('no container')
  if (paired === undefined) return ok(`${kind}, with a network that is not its own`)
  const todo =
    kind === 'kubernetes'
      ? 'set hostNetwork: true in the pod'
      : `run it in the host's network (${kind} run --network host)`
  return warning(
    `in a container (${kind}) whose ${paired.name} leads to a bridge: multicast goes no further`,
    `${todo}, or ${BY_TCP}`,
  )
}

export function cloud({ cloud: vendor }: Facts): Verdict {
  if (vendor === undefined) return ok('no cloud that is known to carry no multicast')
  return warning(`${vendor}: its networks carry no multicast unless it is set up`, BY_TCP)
}
