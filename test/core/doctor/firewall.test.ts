// Which rules are blamed for a group that does not come through, and which are not.

import { expect, it } from 'vitest'
import { groupsOf } from '../../../src/core/doctor/ethernet.js'
import { eaterOfGroup, eaterOfIgmp, eaterOfTcp } from '../../../src/core/doctor/firewall.js'

const wanted = { group: '224.0.67.67', ports: [6767, 6768] }

function ruleset(rule: string, base = 'type filter hook input priority filter; policy accept;') {
  return `table inet filter { # handle 1
\tset blocked { # handle 2
\t\ttype ipv4_addr
\t\telements = { 224.0.67.67 }
\t}

\tchain input { # handle 3
\t\t${base}
\t\t${rule} # handle 4
\t}
}
`
}

it.each([
  'ip daddr 224.0.0.0/4 drop',
  'ip daddr 224.0.67.67 reject with icmp port-unreachable',
  'ip daddr { 10.0.0.1, 224.0.67.0-224.0.67.255 } counter packets 7 bytes 700 drop',
  'ip daddr != 10.0.0.0/8 drop',
  'udp dport 6768 drop',
  'udp dport { 53, 6000-7000 } drop',
  'udp dport != 22 drop',
  'meta pkttype multicast drop',
  'iifname "eth0" drop',
])('%s', rule => {
  const eater = eaterOfGroup(ruleset(rule), wanted, 'in')
  expect(eater?.what).toBe(`table inet filter, chain input: ${rule}`)
  expect(eater?.repair).toBe('nft insert rule inet filter input ip daddr 224.0.67.67 accept')
})

it.each([
  'ip daddr 239.0.0.0/8 drop',
  'ip6 daddr ff00::/8 drop',
  'ip daddr { 10.0.0.1, 10.0.0.2 } drop',
  'ip daddr != 224.0.0.0/4 drop',
  'udp dport 5353 drop',
  'tcp dport 6767 drop',
  'ct state invalid drop',
  'ip saddr 10.9.0.0/16 drop',
  'meta pkttype broadcast drop',
  'numgen random mod 100 < 1 drop',
  'ip daddr 224.0.0.0/4 accept',
  'igmp type membership-query drop',
])('not %s', rule => {
  expect(eaterOfGroup(ruleset(rule), wanted, 'in')).toBeUndefined()
})

it('a policy of drop counts once its rules have let nothing through', () => {
  const drops = 'type filter hook output priority 0; policy drop;'
  expect(eaterOfGroup(ruleset('tcp dport 22 accept', drops), wanted, 'out')?.what).toContain(
    'policy drop',
  )
  const forward = 'type filter hook forward priority 0; policy drop;'
  expect(eaterOfGroup(ruleset('tcp dport 22 accept', forward), wanted, 'in')).toBeUndefined()
  expect(eaterOfGroup('what\nis { this }\n}', wanted, 'in')).toBeUndefined()
})

it('IPv6 groups are looked for among IPv6 addresses', () => {
  const six = { group: 'ff12::4343%eth0', ports: [6767] }
  const eater = eaterOfGroup(ruleset('ip6 daddr ff00::/8 drop'), six, 'in')
  expect(eater?.repair).toBe('nft insert rule inet filter input ip6 daddr ff12::4343 accept')
  expect(eaterOfGroup(ruleset('ip daddr 224.0.0.0/4 drop'), six, 'in')).toBeUndefined()
})

it('IGMP has rules of its own', () => {
  for (const rule of [
    'ip protocol igmp drop',
    'meta l4proto igmp drop',
    'igmp type membership-report-v2 drop',
  ])
    expect(eaterOfIgmp(ruleset(rule))?.repair).toContain('ip protocol igmp accept')
  expect(eaterOfIgmp(ruleset('udp dport 1 drop'))).toBeUndefined()
})

it("the kernel's list of memberships is read as it is written", () => {
  const text = `Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter
1\tlo        :     1      V3
\t\t\t\t010000E0     1 0:00000000\t\t0
2\teth0      :     2      V3
\t\t\t\t434300E0     2 0:00000000\t\t1
\t\t\t\t010000E0     1 0:00000000\t\t0
`
  expect(groupsOf(text)).toEqual(['224.0.0.1', '224.0.67.67'])
})

it('who lets it through first is not blamed, nor is another way', () => {
  const drops = 'type filter hook input priority 0; policy drop;'
  const after = (rule: string) => eaterOfGroup(ruleset(rule, drops), wanted, 'in')
  expect(after('ip daddr 224.0.67.67 accept')).toBeUndefined()
  expect(after('udp dport 6767-6768 accept')).toBeUndefined()
  expect(after('iifname "lo" accept')?.what).toContain('policy drop')
  expect(after('udp dport 53 accept')?.what).toContain('policy drop')
  for (const way of ['out', 'wire'] as const)
    expect(eaterOfGroup(ruleset('ip daddr 224.0.0.0/4 drop'), wanted, way)).toBeUndefined()
  expect(eaterOfIgmp(ruleset('ip protocol igmp accept\n\t\tip protocol igmp drop'))).toBeUndefined()
})

it('a TCP port is closed by a rule that names it', () => {
  const repair = 'nft insert rule inet filter input tcp dport 9990 accept'
  expect(eaterOfTcp(ruleset('tcp dport 9990 drop'), 9990)?.repair).toBe(repair)
  expect(eaterOfTcp(ruleset('tcp dport { 22, 9000-9999 } reject'), 9990)?.repair).toBe(repair)
  for (const rule of [
    'tcp dport 22 drop',
    'udp dport 9990 drop',
    'ip saddr 1.2.3.4 tcp dport 9990 drop',
  ])
    expect(eaterOfTcp(ruleset(rule), 9990)).toBeUndefined()
})
