// Which rule of a packet filter eats the group: reads what `nft -a list ruleset` prints, as far as it
// takes to name the rule and to write the command that lets the group through. What it does not
// understand it does not blame: a wrong suspect is worse than none.

import { isIpv4 } from '../base/endpoint.js'

/** A rule, or a chain's policy, that drops what it should not. */
export interface Eater {
  /** `table ip filter, chain input: ip daddr 224.0.0.0/4 drop`. */
  readonly what: string
  /** The command that lets through what is meant, ahead of that rule. */
  readonly repair: string
}

export interface Wanted {
  readonly group: string
  /** UDP ports of announcements and data. */
  readonly ports: readonly number[]
}

interface Rule {
  readonly table: string
  readonly chain: string
  readonly hook: string
  readonly text: string
}

/** What a datagram passes that leaves, that arrives, and what one does not that comes back at once. */
const HOOKS = {
  out: ['output', 'postrouting', 'egress', ''],
  in: ['ingress', 'prerouting', 'input', ''],
  wire: ['ingress', 'egress'],
}

/** The first rule that drops datagrams to the group on that way. */
export function eaterOfGroup(
  ruleset: string,
  wanted: Wanted,
  way: keyof typeof HOOKS,
): Eater | undefined {
  const family = wanted.group.includes(':') ? 'ip6' : 'ip'
  const accept = `${family} daddr ${wanted.group.replace(/%.*$/, '')} accept`
  const rule = firstDrop(ruleset, HOOKS[way], text => meansGroup(text, wanted))
  return rule && eater(rule, accept)
}

/** The first rule that drops IGMP, without which no switch learns who listens. */
export function eaterOfIgmp(ruleset: string): Eater | undefined {
  const hooks = [...HOOKS.in, ...HOOKS.out]
  const rule = firstDrop(ruleset, hooks, text => /\bigmp\b/.test(text) && !text.includes('!='))
  return rule && eater(rule, 'ip protocol igmp accept')
}

/** The first rule that drops by name what comes to a TCP port. */
export function eaterOfTcp(ruleset: string, port: number): Eater | undefined {
  const means = (text: string): boolean =>
    /\btcp dport\b/.test(text) && !isPartial(text, PARTIAL) && portFits(text, [port])
  const rule = firstDrop(ruleset, HOOKS.in, means)
  return rule && eater(rule, `tcp dport ${port} accept`)
}

/** The first that drops what is meant; not where its chain has let just that through before. */
function firstDrop(
  ruleset: string,
  hooks: readonly string[],
  means: (text: string) => boolean,
): Rule | undefined {
  const open = new Set<string>()
  for (const rule of rulesOf(ruleset)) {
    const chain = `${rule.table} ${rule.chain}`
    if (!hooks.includes(rule.hook) || open.has(chain) || !means(rule.text)) continue
    if (/\b(drop|reject)\b/.test(rule.text)) return rule
    if (/\b(daddr|dport|igmp)\b.* accept$/.test(rule.text)) open.add(chain)
  }
  return undefined
}

function eater({ table, chain, text }: Rule, accept: string): Eater {
  return {
    what: `table ${table}, chain ${chain}: ${text}`,
    repair: `nft insert rule ${table} ${chain} ${accept}`,
  }
}

/** All rules, and a policy of drop as the last rule of its chain. */
function rulesOf(ruleset: string): Rule[] {
  const rules: Rule[] = []
  let table = ''
  let chain = ''
  let hook = ''
  let policy: Rule | undefined
  for (const line of ruleset.split('\n')) {
    const text = line.replace(/#.*$/, '').trim()
    const opened = /^(table|chain|set|map|flowtable) (.+) \{$/.exec(text)
    if (opened?.[1] === 'table') table = opened[2]
    else if (opened) [chain, hook] = [opened[1] === 'chain' ? opened[2] : '', '']
    else if (text.startsWith('type ')) {
      hook = /\bhook (\w+)/.exec(text)?.[1] ?? ''
      if (/\bpolicy drop\b/.test(text)) policy = { table, chain, hook, text: 'policy drop' }
    } else if (text === '}') {
      if (chain !== '' && policy !== undefined) rules.push(policy)
      ;[chain, policy] = ['', undefined]
    } else if (chain !== '' && text !== '') rules.push({ table, chain, hook, text })
  }
  return rules
}

/** Conditions by which a rule takes only some of what comes. */
const PARTIAL = 'saddr|sport|numgen|limit|ct|mark'
/** And those by which it is about something else than UDP. */
const OTHERS = 'tcp|icmp|icmpv6|igmp|arp'

function isPartial(text: string, words: string): boolean {
  return new RegExp(`\\b(${words})\\b`).test(text.replace(/\breject with .*/, ''))
}

function meansGroup(text: string, { group, ports }: Wanted): boolean {
  if (isPartial(text, `${PARTIAL}|${OTHERS}`)) return false
  return addressFits(text, group) && portFits(text, ports)
}

function addressFits(text: string, group: string): boolean {
  if (/\b(pkttype|type) (unicast|host|broadcast|local)\b/.test(text)) return false
  const match = /\b(ip6?) daddr (!= )?(\{[^}]*\}|\S+)/.exec(text)
  if (match === null) return true
  const [, family, not, list] = match
  if ((family === 'ip6') !== group.includes(':')) return false
  const inside = itemsOf(list).some(item => covers(item, group.replace(/%.*$/, '')))
  return inside === (not === undefined)
}

function portFits(text: string, ports: readonly number[]): boolean {
  const match = /\bdport (!= )?(\{[^}]*\}|\S+)/.exec(text)
  if (match === null) return true
  const [, not, list] = match
  const holds = (port: number) =>
    itemsOf(list).some(item => {
      const [from, to = from] = item.split('-').map(Number)
      return port >= from && port <= to
    })
  return ports.some(port => holds(port) === (not === undefined))
}

function itemsOf(list: string): string[] {
  return list
    .replace(/[{}]/g, ' ')
    .split(/[\s,]+/)
    .filter(item => item !== '')
}

/** Whether an address, a prefix or a range of nft's covers `group`. */
function covers(item: string, group: string): boolean {
  if (item === group) return true
  if (!isIpv4(group)) return /^ff/i.test(item) && item.endsWith('/8')
  const [base, bits] = item.split('/')
  if (bits !== undefined && isIpv4(base)) {
    const size = 2 ** (32 - Number(bits))
    return Math.floor(numberOf(base) / size) === Math.floor(numberOf(group) / size)
  }
  const [from, to] = item.split('-')
  if (to === undefined || !isIpv4(from) || !isIpv4(to)) return false
  return numberOf(group) >= numberOf(from) && numberOf(group) <= numberOf(to)
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}
