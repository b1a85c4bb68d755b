// What two hosts found out about what lies between them, and what the doctor says to it: each
// direction of TCP and multicast for itself, as they fail for themselves.

import type { Finding, Verdict } from './finding.js'
import { failed, ok, warning } from './finding.js'
import type { Hello } from './line.js'

/** What was sent, and what of it was heard at the other end. */
export interface Tally {
  readonly sent: number
  readonly heard: number
  /** How fast it really left, as the line of the sender lets it. */
  readonly leftBps: number
  /** Why not all could be sent. */
  readonly error?: string
}

export interface LossTally extends Tally {
  readonly rateBps: number
}

/** One direction of multicast. */
export interface WayFacts {
  readonly announcements: Tally
  readonly data: Tally
  /** Datagrams as large as the sender's MTU lets them be; unknown where not even small ones came. */
  readonly full?: Tally & {
    readonly mtuBytes: number
    readonly pass: boolean
    readonly fitsMtuBytes?: number
  }
  readonly losses: readonly LossTally[]
  /** After nobody had joined anew for a while; and after joining anew, where that was needed. */
  readonly held?: Tally
  readonly rejoined?: Tally
}

export interface PairFacts {
  readonly host: string
  readonly port: number
  /** Why it was not reached at all; then nothing else is known. */
  readonly error?: string
  readonly talk?: TalkFacts
}

export interface TalkFacts {
  readonly here: Hello
  readonly there: Hello
  /** In a network of the interface that leads there. */
  readonly near: boolean
  /** Interface by which it is reached. */
  readonly via?: string
  /** Our port that was dialled from there. */
  readonly dialled: { readonly port: number; readonly error?: string }
  /** Whether much passes by TCP, as little did. */
  readonly bulkTo: boolean
  readonly bulkFrom: boolean
  readonly holdMillis: number
  readonly to?: WayFacts
  readonly from?: WayFacts
}

type Way = 'to' | 'from'

const CLOCK_APART_MILLIS = 5000
/** What the swarm mends without anybody's noticing; and what no rate control gets along with. */
const LOSS_FINE = 0.01
const LOSS_GRAVE = 0.2
const SLOWER = 0.9

export function pairFindings({ host, port, error, talk }: PairFacts): Finding[] {
  if (talk === undefined) {
    const what = `${host} port ${port} is not reached: ${error}`
    const todo = `run mcp2p doctor --listen there, and let TCP port ${port} through its firewall`
    return [{ check: 'tcp-to', ...failed(what, todo) }]
  }
  const findings: Finding[] = [{ check: 'tcp-to', ...ok(`${host} port ${port} is reached`) }]
  const say = (check: string, verdict: Verdict | undefined): void => {
    if (verdict !== undefined) findings.push({ check, ...verdict })
  }
  say('tcp-from', dialled(host, talk))
  say('tcp-bulk', bulk(host, talk))
  say('settings', settings(host, talk))
  say('clock-pair', clocks(host, talk))
  for (const way of ['to', 'from'] as const) {
    const facts = talk[way]
    if (facts === undefined) continue
    say(`multicast-${way}`, reach(host, way, facts, talk))
    say(`mtu-${way}`, size(host, way, facts, talk))
    for (const loss of facts.losses) say(`loss-${way}`, lossAt(host, way, loss, facts))
    say(`membership-${way}`, membership(host, way, facts, talk.holdMillis))
  }
  return findings
}

function dialled(host: string, { dialled: { port, error } }: TalkFacts): Verdict {
  if (error === undefined) return ok(`${host} reaches TCP port ${port} here`)
  return failed(
    `${host} does not reach TCP port ${port} here: ${error}`,
    `let it through here: nft insert rule inet filter input tcp dport ${port} accept`,
  )
}

function bulk(host: string, { bulkTo, bulkFrom }: TalkFacts): Verdict {
  if (bulkTo && bulkFrom) return ok('full segments pass both ways')
  const way = bulkTo ? `from ${host}` : bulkFrom ? `to ${host}` : 'both ways'
  return failed(
    `short lines pass by TCP, full segments do not (${way}): an MTU black hole`,
    'sysctl -w net.ipv4.tcp_mtu_probing=1, on both hosts; or let ICMP "fragmentation needed" through',
  )
}

function settings(host: string, { here, there }: TalkFacts): Verdict {
  for (const [name, flag] of [
    ['group', '--group'],
    ['port', '--port'],
    ['dataPort', '--data-port'],
  ] as const)
    if (here[name] !== there[name])
      return failed(
        `${flag} is ${here[name]} here and ${there[name]} at ${host}`,
        `pass the same ${flag} on both`,
      )
  const [own, other] = [mtuOf(here), mtuOf(there)]
  if (own === other) return ok('group, ports and MTU are the same')
  const [larger, at] = own > other ? [here, 'here'] : [there, `at ${host}`]
  return warning(
    `the MTU is ${own} here and ${other} at ${host}: what is larger does not pass`,
    `ip link set dev ${larger.link ?? 'NAME'} mtu ${Math.min(own, other)}, ${at}`,
  )
}

function mtuOf({ linkMtuBytes, mtuBytes }: Hello): number {
  return linkMtuBytes ?? mtuBytes
}

function clocks(host: string, { here, there }: TalkFacts): Verdict {
  const apartMillis = Math.abs(there.unixMillis - here.unixMillis)
  if (apartMillis < CLOCK_APART_MILLIS) return ok('the clocks agree')
  const seconds = Math.round(apartMillis / 1000)
  const todo = 'timedatectl set-ntp true, on both'
  return warning(`the clock of ${host} is ${seconds} s away from the one here`, todo)
}

function reach(host: string, way: Way, facts: WayFacts, talk: TalkFacts): Verdict {
  const { here, near, via } = talk
  const exit = here.link
  const silent = facts.announcements.heard === 0 || facts.data.heard === 0
  const text =
    way === 'to' ? `what is sent here is heard at ${host}` : `what ${host} sends is heard`
  if (!silent) return ok(`${text}: ${here.group} ports ${here.port} and ${here.dataPort}`)
  const refused = facts.announcements.error ?? facts.data.error
  const sender = way === 'to' ? 'here' : `at ${host}`
  if (refused !== undefined)
    return failed(`multicast cannot be sent ${sender}: ${refused}`, `run mcp2p doctor ${sender}`)
  const onlyOne = facts.announcements.heard > 0 || facts.data.heard > 0
  const port = facts.announcements.heard === 0 ? here.port : here.dataPort
  const what = onlyOne ? `UDP port ${port} of multicast` : 'multicast'
  const from =
    way === 'to' ? `from here does not arrive at ${host}` : `from ${host} does not arrive`
  if (!near)
    return failed(
      `${what} ${from}: a router is between, and TTL 1 ends there`,
      "send --ttl 8 where routers forward multicast; else TCP brings it: mcp2p recv 'mcp2p:…?m=HOST:PORT'",
    )
  if (way === 'to' && via !== undefined && exit !== undefined && via !== exit)
    return failed(
      `${what} ${from}: it leaves by ${exit}, and ${host} is behind ${via}`,
      `pass --interface ${via}, on send and recv alike`,
    )
  const at = way === 'to' ? `at ${host}` : 'here'
  return failed(
    `${what} ${from}, TCP does: a firewall ${at}, or a switch that snoops without a querier`,
    `run mcp2p doctor ${at} for the firewall; on the switch enable an IGMP querier (Linux bridge: ip link set dev BRIDGE type bridge mcast_querier 1)`,
  )
}

function size(host: string, way: Way, { full }: WayFacts, talk: TalkFacts): Verdict | undefined {
  if (full === undefined) return undefined
  const { mtuBytes, fitsMtuBytes, pass } = full
  const to = way === 'to' ? `to ${host}` : `from ${host}`
  if (pass) return ok(`datagrams of MTU ${mtuBytes} pass ${to}`)
  const fits = fitsMtuBytes === undefined ? '' : `, of ${fitsMtuBytes} do`
  const [sender, at] = way === 'to' ? [talk.here, 'here'] : [talk.there, `at ${host}`]
  return failed(
    `datagrams of MTU ${mtuBytes} do not pass ${to}${fits}: a black hole`,
    `ip link set dev ${sender.link ?? 'NAME'} mtu ${fitsMtuBytes ?? 1280}, ${at}; or mend what has less between`,
  )
}

function lossAt(host: string, way: Way, loss: LossTally, { losses }: WayFacts): Verdict {
  const share = lostOf(loss)
  const to = way === 'to' ? `to ${host}` : `from ${host}`
  const percent = (100 * share).toFixed(share > 0 && share < 0.01 ? 2 : 0)
  const left = Math.min(loss.rateBps, loss.leftBps)
  // A blast that takes little longer than it should was only late.
  const slower = left < SLOWER * loss.rateBps ? `, of ${loss.rateBps / 1e6} that were tried,` : ''
  const rate = slower === '' ? loss.rateBps / 1e6 : (left / 1e6).toFixed(1)
  const text = `at ${rate} Mbit/s${slower} ${percent} % are lost ${to}`
  if (share <= LOSS_FINE) return ok(text)
  if (loss === losses[0] && share > LOSS_GRAVE)
    return failed(
      text,
      'check cable, duplex and switch (ethtool -S NAME); on Wi-Fi pass --no-multicast',
    )
  const before = losses.slice(0, losses.indexOf(loss))
  const fine = before.filter(each => lostOf(each) <= LOSS_FINE).at(-1)
  const todo =
    fine === undefined
      ? 'check cable and switch (ethtool -S NAME); send --fec 10% carries parity against it'
      : `nothing: send finds its rate by itself; --max-rate ${fine.rateBps / 1e6}Mbit keeps below it`
  return warning(text, todo)
}

function lostOf({ sent, heard }: Tally): number {
  return sent === 0 ? 1 : Math.max(0, 1 - heard / sent)
}

function membership(
  host: string,
  way: Way,
  { held, rejoined }: WayFacts,
  holdMillis: number,
): Verdict | undefined {
  if (held === undefined) return undefined
  const at = way === 'to' ? `at ${host}` : 'here'
  const seconds = holdMillis / 1000
  if (held.heard > 0) {
    const more =
      holdMillis < 300_000 ? '; most switches forget after 260 s: --hold 5m shows it' : ''
    return ok(`${seconds} s after joining the group is still heard ${at}${more}`)
  }
  const again =
    rejoined !== undefined && rejoined.heard > 0 ? ', and is again after joining anew' : ''
  return failed(
    `${seconds} s after joining the group is no longer heard ${at}${again}: IGMP snooping without a querier`,
    'enable an IGMP querier on the switch (Linux bridge: ip link set dev BRIDGE type bridge mcast_querier 1 mcast_query_interval 12500 mcast_membership_interval 26000), or switch snooping off',
  )
}
