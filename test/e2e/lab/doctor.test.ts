// The doctor in namespaces where each fault is real: it says what is wrong, and where it names a
// command of this host, that command repairs it.

import { type ChildProcess, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { Lab } from '../../lab/lab.js'
import { skipUnless } from '../../lab/skip.js'
import { notice, patience, play, type Stage } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'
import { commandOf, diagnose, obey } from './patient.js'

/** A fault of one host, and what is to be said of it. */
interface Fault {
  readonly name: string
  readonly prepare?: (host: number, stage: Stage, lab: Lab) => Promise<unknown>
  readonly args?: (stage: Stage, lab: Lab) => readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** Makes what no namespace can have of its own, in mounts that the doctor alone sees. */
  readonly within?: (stage: Stage) => string
  readonly check: string
  readonly state: 'ok' | 'warning' | 'failed'
  readonly why: RegExp
  /** What is to be done about it, where no command of this host repairs it. */
  readonly todo?: RegExp
  /** Its `todo` is carried out, and then the check is content. */
  readonly repaired?: true
}

/** Runs a program of a few words in a host, until it has said something. */
async function startIn(stage: Stage, lab: Lab, host: number, text: string): Promise<ChildProcess> {
  const child = lab.exec(host, [process.execPath, '-e', text])
  stage.defer(() => child.kill())
  await once(child.stdout!, 'data')
  return child
}

const inHost =
  (text: (stage: Stage, lab: Lab) => string): Fault['prepare'] =>
  (host, stage, lab) =>
    lab.run(host, ['sh', '-ec', text(stage, lab)])

const nft = (hook: string, rules: (stage: Stage) => string) =>
  inHost(stage => {
    const chain = `type filter hook ${hook} priority 0; ${rules(stage)};`
    return `nft 'table ip deaf { chain ${hook} { ${chain} }; }'`
  })

/** A second interface, whose other end is up in the same namespace. */
const secondLink = `ip link add eth1 type veth peer name far
  ip addr add 10.43.0.1/24 dev eth1
  ip link set eth1 up; ip link set far up;`

const forgets = 'mcast_querier 1 mcast_query_interval 360000 mcast_membership_interval 300'

const FAULTS: readonly Fault[] = [
  {
    name: 'no route',
    prepare: inHost(() => 'ip route del 224.0.0.0/4 dev eth0'),
    check: 'route',
    state: 'failed',
    why: /ENETUNREACH/,
    repaired: true,
  },
  {
    name: 'no route needed with an interface',
    prepare: inHost(() => 'ip route del 224.0.0.0/4 dev eth0'),
    args: () => ['--interface', 'eth0'],
    check: 'route',
    state: 'ok',
    why: /needs no route/,
  },
  {
    name: 'a firewall for what arrives',
    prepare: nft('input', () => 'ip daddr 224.0.0.0/4 drop'),
    check: 'firewall',
    state: 'failed',
    why: /does not come back: .*table ip deaf, chain input: ip daddr 224\.0\.0\.0\/4 drop/,
    repaired: true,
  },
  {
    name: 'a firewall for what leaves',
    prepare: nft('output', ({ port }) => `udp dport ${port + 1} drop`),
    check: 'firewall',
    state: 'failed',
    why: /from leaving \(EPERM\); table ip deaf, chain output: udp dport \d+ drop/,
    repaired: true,
  },
  {
    name: 'a firewall that drops by default',
    prepare: nft('input', () => 'policy drop; iifname "lo" accept'),
    check: 'firewall',
    state: 'failed',
    why: /chain input: policy drop/,
    repaired: true,
  },
  {
    name: 'a firewall for IGMP',
    prepare: nft('output', () => 'ip protocol igmp drop'),
    check: 'firewall',
    state: 'warning',
    why: /IGMP is dropped/,
    repaired: true,
  },
  {
    name: 'a firewall for peers',
    prepare: nft('input', ({ peerPort }) => `tcp dport ${peerPort} drop`),
    check: 'peer-port',
    state: 'failed',
    why: /a firewall drops peers' calls/,
    repaired: true,
  },
  {
    name: 'a second interface',
    prepare: inHost(() => secondLink),
    check: 'interface',
    state: 'warning',
    why: /leaves by eth0 alone: who is behind eth1/,
  },
  {
    name: 'the wrong interface',
    prepare: inHost(() => `${secondLink} ip route replace 224.0.0.0/4 dev eth1`),
    args: (_, lab) => ['--peer', `${lab.addressOf(0)}:9`],
    check: 'interface',
    state: 'failed',
    why: /leaves by eth1, but 10\.42\.0\.1:9 is behind eth0/,
  },
  {
    name: 'an interface without a cable',
    prepare: inHost(
      () => `${secondLink} ip route replace 224.0.0.0/4 dev eth1; ip link set far down`,
    ),
    check: 'interface',
    state: 'failed',
    why: /leave by eth1, which has no carrier/,
  },
  {
    name: 'too few memberships',
    prepare: inHost(() => 'sysctl -qw net.ipv4.igmp_max_memberships=1'),
    check: 'memberships',
    state: 'failed',
    why: /cannot be joined on eth0: net\.ipv4\.igmp_max_memberships is 1/,
    repaired: true,
  },
  {
    name: 'a port that is not shared',
    prepare: (host, stage, lab) =>
      startIn(
        stage,
        lab,
        host,
        `require('node:dgram').createSocket('udp4').bind(${stage.port}, () => console.log('bound'))`,
      ),
    check: 'port',
    state: 'failed',
    why: /cannot be shared \(EADDRINUSE\): node \(pid \d+\) has it/,
    repaired: true,
  },
  {
    name: 'TTL 0',
    args: () => ['--ttl', '0'],
    check: 'ttl',
    state: 'failed',
    why: /nothing leaves/,
  },
  {
    name: 'a small MTU',
    prepare: inHost(() => 'ip link set eth0 mtu 1400'),
    check: 'mtu',
    state: 'warning',
    why: /of a sender that has 1500 do not fit/,
    repaired: true,
  },
  {
    name: 'an MTU that is too small',
    prepare: inHost(() => 'ip link set eth0 mtu 600'),
    check: 'mtu',
    state: 'failed',
    why: /640 is the least/,
    repaired: true,
  },
  {
    name: 'a jumbo MTU',
    prepare: inHost(() => 'ip link set eth0 mtu 9000'),
    check: 'mtu',
    state: 'warning',
    why: /9000/,
  },
  {
    name: 'a bridge that forgets who listens',
    prepare: inHost(
      () => `ip link add br0 type bridge mcast_snooping 1 ${forgets}
        ip link set br0 up`,
    ),
    check: 'snooping',
    state: 'failed',
    why: /br0 forgets who listens after 3 s/,
    repaired: true,
  },
  {
    name: 'a group with the same Ethernet address',
    prepare: (host, stage, lab) =>
      startIn(
        stage,
        lab,
        host,
        `const s = require('node:dgram').createSocket('udp4')
        s.bind(0, () => { s.addMembership('${twinOf(stage)}'); console.log('joined') })`,
      ),
    check: 'alias',
    state: 'warning',
    why: /^239\.128\.67\.\d+, which a program here has joined/,
    todo: /^pass --group 239\.67\.67\.68, on all hosts$/,
  },
  {
    name: 'a radio',
    within: ({ folder }) => `mkdir -p ${folder}/radio/wireless; cd /sys/devices/virtual/net/eth0
      mount -t overlay -o lowerdir=${folder}/radio:$PWD radio $PWD`,
    check: 'wifi',
    state: 'warning',
    why: /^eth0 is wireless/,
    todo: /--no-multicast/,
  },
  {
    name: 'sockets that may buffer little',
    within: ({ folder }) => `echo 212992 >${folder}/rmem_max
      mount --bind ${folder}/rmem_max /proc/sys/net/core/rmem_max`,
    check: 'buffer',
    state: 'warning',
    why: /^net\.core\.rmem_max is 208 KiB/,
    repaired: true,
  },
  {
    name: 'a container',
    within: () => `set -- --mount-proc env container=podman sh -c '"$0" "$@"; exit $?' "$0" "$@"
      exec unshare --pid --fork "$@"`,
    check: 'container',
    state: 'warning',
    why: /^in a container \(podman\) whose eth0 leads to a bridge/,
    todo: /podman run --network host/,
  },
  {
    name: 'a namespace, which is not yet a container',
    check: 'container',
    state: 'ok',
    why: /^no container$/,
  },
  {
    name: 'a stranger on the group',
    prepare: (host, stage, lab) =>
      startIn(
        stage,
        lab,
        host,
        `const s = require('node:dgram').createSocket('udp4')
        const noise = () => s.send('x'.repeat(100), ${stage.port + 5}, '${stage.group}')
        setInterval(noise, 100); console.log('sends')`,
      ),
    args: ({ port }) => ['--data-port', String(port + 5)],
    check: 'group',
    state: 'warning',
    why: /sends something else/,
  },
  {
    name: 'no network at all',
    prepare: inHost(() => 'ip link set lo down; ip link set eth0 down'),
    check: 'interface',
    state: 'failed',
    why: /no interface is up/,
  },
  {
    name: 'nobody there',
    args: () => ['--manager', '127.0.0.1:9'],
    check: 'manager',
    state: 'failed',
    why: /ECONNREFUSED/,
  },
  {
    name: 'a manager behind a firewall that drops',
    prepare: (_, __, lab) =>
      lab.run(0, [
        'nft',
        'table ip wall { chain in { type filter hook input priority 0; tcp dport 8889 drop; }; }',
      ]),
    args: (_, lab) => ['--manager', `${lab.addressOf(0)}:8889`],
    check: 'manager',
    state: 'failed',
    why: /10\.42\.0\.1:8889 does not answer: nothing within 5 s/,
    todo: /let TCP port 8889 through the firewall there/,
  },
  {
    name: 'a peer that is not there',
    args: () => ['--peer', '10.42.0.250:9'],
    check: 'peer',
    state: 'failed',
    why: /10\.42\.0\.250:9 does not answer: EHOSTUNREACH/,
    todo: /turn that host on/,
  },
  {
    name: 'a peer in a network that nobody knows a way to',
    args: () => ['--peer', '192.0.2.1:9'],
    check: 'peer',
    state: 'failed',
    why: /192\.0\.2\.1:9 does not answer: ENETUNREACH/,
    todo: /ip route/,
  },
  {
    name: 'no native part',
    env: { MCP2P_NO_NATIVE: '1' },
    check: 'native',
    state: 'warning',
    why: /MCP2P_NO_NATIVE/,
  },
  {
    name: 'a clock of long ago',
    env: { NODE_OPTIONS: '--import data:text/javascript,Date.now=()=>1e12' },
    check: 'clock',
    state: 'failed',
    why: /2001-09-09/,
  },
  {
    name: 'a full disk',
    prepare: async (_, stage) => {
      const full = await stage.make('full')
      expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'x', full]).status).toBe(0)
      stage.defer(() => spawnSync('umount', [full]))
      writeFileSync(join(full, 'x'), new Uint8Array(60_000))
    },
    args: ({ folder }) => ['--out', join(folder, 'full')],
    check: 'disk',
    state: 'failed',
    why: /0 MiB are free/,
  },
]

function twinOf({ group }: Stage): string {
  return group.replace('224.0', '239.128')
}

/** The fault is found in its host, and repaired where the finding says how. */
async function examine(stage: Stage, lab: Lab, fault: Fault, host: number): Promise<void> {
  const { name, prepare, args, env, check, state, why, todo = /\w/, repaired } = fault
  const within = fault.within?.(stage)
  await prepare?.(host, stage, lab)
  const given = args?.(stage, lab) ?? []
  const sick = await diagnose(stage, host, given, { env, within })
  expect(sick.of[check], name).toMatchObject({ state, why: expect.stringMatching(why) })
  expect(sick.exit, name).toBe(sick.failed.length > 0 ? 4 : 0)
  if (state === 'failed') expect(sick.failed, name).toContain(check)
  if (state !== 'ok') expect(sick.of[check].todo, name).toMatch(todo)
  if (repaired === undefined) return
  const remedy = within && `${within}\n${commandOf(sick.of[check])}`
  if (remedy === undefined) await obey(lab, host, sick.of[check])
  const well = await diagnose(stage, host, given, { env, within: remedy })
  expect(well.failed, name).toEqual([])
  expect(well.of[check].state, name).toBe('ok')
}

/** Enough to save time, few enough for a busy machine. */
const HOSTS_AT_ONCE = 7

skipUnless(Lab.available())('the doctor', patience, () => {
  for (let from = 0; from < FAULTS.length; from += HOSTS_AT_ONCE) {
    const faults = FAULTS.slice(from, from + HOSTS_AT_ONCE)
    play(`finds ${faults.map(({ name }) => name).join('; ')}`, async ({ stage }) => {
      const lab = await stage.lan({ hosts: faults.length + 1 })
      await Promise.all(faults.map((fault, index) => examine(stage, lab, fault, index + 1)))
    })
  }

  play('finds nothing wrong where nothing is, and hears another sender', async ({ stage }) => {
    await stage.lan({ hosts: 2, subnets: 2 })
    const healthy = await diagnose(stage, 0)
    expect([healthy.exit, healthy.failed]).toEqual([0, []])
    for (const check of ['interface', 'route', 'memberships', 'port', 'firewall', 'ttl', 'mtu'])
      expect(healthy.of[check], check).toMatchObject({ state: 'ok' })
    const file = await randomFile(join(stage.folder, 'x.bin'), mebibyte)
    const sender = stage.send([file, '--wait-receivers', '1'], { host: 0 })
    await sender.until('listening')
    // The sender's peer port answers, behind a router as well.
    const peer = ['--peer', `${stage.lab!.addressOf(0)}:${stage.peerPort}`]
    const [beside, behind, further] = await Promise.all([
      diagnose(stage, 0),
      diagnose(stage, 1, peer),
      diagnose(stage, 1, [...peer, '--ttl', '2']),
    ])
    expect(beside.of.group).toMatchObject({ state: 'warning' })
    expect(beside.of.group.why).toContain('announces "x.bin"')
    expect(beside.of['peer-port'].why).toMatch(/\(pid \d+\) has it/)
    expect(behind.of.peer).toMatchObject({ state: 'ok' })
    expect(behind.of.ttl).toMatchObject({ state: 'warning' })
    expect(further.of.ttl).toMatchObject({ state: 'ok' })
  })

  play('is asked by a transfer that hears nothing for 3 s', async ({ stage }) => {
    const lab = await stage.lan({ hosts: 4 })
    const file = await randomFile(join(stage.folder, 'x.bin'), mebibyte)
    await lab.run(0, ['ip', 'route', 'del', '224.0.0.0/4', 'dev', 'eth0'])
    const drops = 'table ip deaf { chain in { type filter hook input priority 0; policy drop; }; }'
    await lab.run(1, ['nft', drops])
    const sender = stage.send([file, '--wait-receivers', '1'], { host: 0 })
    const deaf = stage.recv('1', [], { host: 1 })
    const up = await deaf.until('progress')
    const [unsent, unheard] = await Promise.all([
      sender.until('notice', notice('doctor')),
      deaf.until('notice', notice('doctor')),
    ])
    expect(unsent).toMatchObject({
      level: 'warning',
      hint: expect.stringMatching(/^ip route add /),
    })
    expect(unsent.message).toMatch(/^route: no route leads to .*ENETUNREACH/)
    expect(unheard.message).toMatch(/^firewall: .*chain in: policy drop/)
    expect(unheard.hint).toMatch(/^nft insert rule ip deaf in /)
    expect(unheard.time - deaf.startedMillis).toBeGreaterThan(3000)
    expect(unheard.time - up.time).toBeLessThan(3000 + 2000)
    for (const each of [sender, deaf]) each.kill('SIGKILL')
  })
})
