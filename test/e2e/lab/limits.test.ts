// Limits that limit, on a line that could carry many times as much: over 5 s within 3 % of what the
// operator allows, headers and all, whether one transfer has the limit or several share it.

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'vitest'
import type { CliProcess } from '../../lab/cli.js'
import { Lab } from '../../lab/lab.js'
import { repositoryRoot } from '../../lab/root.js'
import { skipUnless } from '../../lab/skip.js'
import { end, holds, play, type Stage } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'

const library = pathToFileURL(join(repositoryRoot, 'dist/src/index.js')).href
const allowed = 0.03

interface Count {
  readonly at: number
  readonly tx: number
  readonly rx: number
}

/** What a host has sent and got on its line, in bytes, and when. */
function countOf(lab: Lab, host: number): Count {
  const args = ['-j', '-s', '-n', `${lab.prefix}-${host}`, 'link', 'show', 'eth0']
  const [{ stats64 }] = JSON.parse(execFileSync('ip', args, { encoding: 'utf8' }))
  return { at: performance.now(), tx: stats64.tx.bytes, rx: stats64.rx.bytes }
}

/** Bits a second that each host sends and gets, over 5 s that begin at each quarter of a second of the first few. */
async function spans(lab: Lab, firstMillis: number): Promise<{ tx: number; rx: number }[][]> {
  const hosts = Array.from({ length: lab.hosts }, (_, host) => host)
  const counts: Count[][] = []
  for (const end = performance.now() + 5000 + firstMillis; performance.now() < end; ) {
    counts.push(hosts.map(host => countOf(lab, host)))
    await new Promise(resolve => setTimeout(resolve, 250))
  }
  counts.push(hosts.map(host => countOf(lab, host)))
  return counts.flatMap(before => {
    const after = counts.find(each => each[0].at >= before[0].at + 5000)
    if (after === undefined) return []
    const between = hosts.map(host => {
      const perSecond = 8000 / (after[host].at - before[host].at)
      const { tx, rx } = after[host]
      return { tx: (tx - before[host].tx) * perSecond, rx: (rx - before[host].rx) * perSecond }
    })
    return [between]
  })
}

async function rates(lab: Lab): Promise<{ tx: number; rx: number }[]> {
  const [first] = await spans(lab, 0)
  return first
}

function expectLimit(bps: number, limitBps: number, what: string): void {
  if (process.env.LIMITS_TELL)
    process.stderr.write(`${what}: ${(bps / limitBps).toFixed(4)} of ${limitBps / 1e6} Mbit/s\n`)
  expect(bps, what).toBeGreaterThan((1 - allowed) * limitBps)
  expect(bps, what).toBeLessThan((1 + allowed) * limitBps)
}

/** A program that uses the library, in a host; `body` may say what it likes of its four names. */
function program(stage: Stage, lab: Lab, host: number, body: string): void {
  const source = `
    const { Budget, send, receive } = await import(${JSON.stringify(library)})
    const common = { port: ${stage.port}, peerPort: ${stage.peerPort}, multicast: 'never' }
    ${body}`
  const argv = [process.execPath, '--input-type=module', '-e', source]
  const child = lab.exec(host, argv, { stdio: ['ignore', 'inherit', 'inherit'] })
  stage.defer(() => child.kill('SIGKILL'))
}

async function offered(stage: Stage, name: string, sizeMiB: number): Promise<string> {
  return stage.meta(await randomFile(join(stage.folder, name), sizeMiB * mebibyte))
}

skipUnless(Lab.available())('limits', { timeout: 120_000, retry: 2 }, () => {
  play('of a command hold for all its peers together', async ({ stage }) => {
    const lab = await stage.lan({ hosts: 4, rate: '200mbit', noOffload: true })
    const meta = await offered(stage, 'x.bin', 160)
    stage.send([meta, '--upload', '40mbit', '--no-multicast', '--forever'], { host: 0 })
    const from = [meta, '--no-multicast', '--peer', `${lab.addressOf(0)}:${stage.peerPort}`]
    const receivers = [1, 2, 3].map(host =>
      stage.recv(String(host), host === 3 ? [...from, '--download', '24mbit'] : from, { host }),
    )
    await Promise.all(receivers.map(each => each.until('progress', holds(4 * mebibyte))))
    // Beside what it takes, the others tell it all the time what they have.
    const slow = receivers[2]
    const before = slow.last('progress')!
    const [{ tx }] = await rates(lab)
    const after = slow.last('progress')!
    const taken = Number(after.verifiedBytes) - Number(before.verifiedBytes)
    expectLimit(tx, 40e6, 'upload')
    expectLimit((taken * 8000) / (after.time - before.time), 24e6, 'download')
  })

  play('hold for a blast', async ({ stage }) => {
    const lab = await stage.lan({ hosts: 3, rate: '100mbit' })
    const meta = await offered(stage, 'x.bin', 40)
    stage.send([meta, '--wait-receivers', '2', '--upload', '20mbit'], { host: 0 })
    const receivers = [1, 2].map(host => stage.recv(String(host), [meta], { host }))
    await Promise.all(receivers.map(each => each.until('progress', holds(4 * mebibyte))))
    const [{ tx }] = await rates(lab)
    // How fast it is below that is the controller's matter.
    expect(tx).toBeGreaterThan(0.9 * 20e6)
    expect(tx).toBeLessThan((1 + allowed) * 20e6)
    expect(Number(receivers[0].last('progress')!.peerBytes)).toBeLessThan(mebibyte)
  })

  play('of several transfers of a process hold for each and for all', async ({ stage }) => {
    const lab = await stage.lan({ hosts: 5, rate: '200mbit', noOffload: true })
    const metas = await Promise.all(['x.bin', 'y.bin', 'z.bin'].map(x => offered(stage, x, 128)))
    // One process gives all three, each to a host of its own; another takes all three.
    program(
      stage,
      lab,
      0,
      `const budget = new Budget({ uploadBps: 64e6 })
       for (const [i, meta] of ${JSON.stringify(metas)}.entries())
         send({ meta }, { ...common, peerPort: common.peerPort + i, budget, forever: true,
           uploadBps: i === 0 ? 16e6 : undefined }).done.catch(console.error)`,
    )
    const receivers = metas.map((meta, i) => {
      const peer = `${lab.addressOf(0)}:${stage.peerPort + i}`
      return stage.recv(`from${i}`, [meta, '--no-multicast', '--peer', peer], { host: 1 + i })
    })
    await Promise.all(receivers.map(each => each.until('progress', holds(4 * mebibyte))))
    const given = await rates(lab)
    expectLimit(given[0].tx, 64e6, 'upload of three transfers')
    expectLimit(given[1].rx, 16e6, 'upload of the one with a limit of its own')
    expect(given[2].rx / given[3].rx).toBeCloseTo(1, 1)
  })

  play('of several that take', async ({ stage }) => {
    const lab = await stage.lan({ hosts: 3, rate: '200mbit', noOffload: true })
    const metas = await Promise.all(['x.bin', 'y.bin'].map(x => offered(stage, x, 128)))
    for (const [i, meta] of metas.entries())
      stage.send([meta, '--no-multicast', '--forever'], { host: 1 + i })
    const peers = metas.map((_, i) => `${lab.addressOf(1 + i)}:${stage.peerPort}`)
    program(
      stage,
      lab,
      0,
      `const budget = new Budget({ downloadBps: 32e6 })
       const peers = ${JSON.stringify(peers)}
       for (const [i, meta] of ${JSON.stringify(metas)}.entries())
         receive({ meta }, { ...common, budget, peers: [peers[i]], out: '${stage.out('both')}',
           downloadBps: i === 0 ? 8e6 : undefined }).done.catch(console.error)`,
    )
    await new Promise(resolve => setTimeout(resolve, 4000))
    const [both, one, other] = await rates(lab)
    expectLimit(both.rx, 32e6, 'download of two transfers')
    expectLimit(one.tx, 8e6, 'download of the one with a limit of its own')
    expectLimit(other.tx, 24e6, 'download of the other')
  })
})

/** What is asked for at least; whoever wants to know more says which, in Mbit/s: LIMITS_MBPS=1,1000. */
const megabits = (process.env.LIMITS_MBPS ?? '2,20,200').split(',').map(Number)

skipUnless(Lab.available())('a limit of', { timeout: 120_000, retry: 2 }, () => {
  for (const mbps of megabits)
    play(`${mbps} Mbit/s`, async ({ stage }) => {
      const lab = await stage.lan({ hosts: 5, noOffload: mbps <= 100 })
      const sizeMiB = Math.max(4, Math.ceil(2 * mbps))
      const [x, y] = [
        await offered(stage, 'x.bin', sizeMiB),
        await offered(stage, 'y.bin', sizeMiB),
      ]
      const [bps, limit] = [mbps * 1e6, `${mbps}mbit`]
      // Host 0 gives to two no more than the limit; host 3 gives all it can to one that takes no more.
      const send = (meta: string, host: number, ...args: string[]): CliProcess =>
        stage.send([meta, '--no-multicast', '--forever', ...args], { host })
      const recv = (meta: string, host: number, from: number, ...args: string[]): CliProcess => {
        const peer = ['--peer', `${lab.addressOf(from)}:${stage.peerPort}`]
        const common = ['recv', meta, '--no-multicast', '--discard', ...peer, ...stage.network]
        return stage.run(String(host), [...common, ...args], { host })
      }
      send(x, 0, '--upload', limit)
      send(y, 3)
      const receivers = [recv(x, 1, 0), recv(x, 2, 0), recv(y, 4, 3, '--download', limit)]
      await Promise.all(receivers.map(each => each.until('progress', holds(1))))
      await new Promise(resolve => setTimeout(resolve, 2000))
      for (const measured of await spans(lab, 3000)) {
        expectLimit(measured[0].tx, bps, 'upload')
        expectLimit(measured[4].rx, bps, 'download')
      }
    })
})

skipUnless(Lab.available())('a code point', { timeout: 60_000 }, () => {
  play('is on all that is multicast, and on all that peers give', async ({ stage }) => {
    const lab = await stage.lan({ hosts: 3, rate: '100mbit' })
    // Bytes that a host has sent: datagrams and segments that carry it, and payload that does not.
    const kinds = ['ip protocol udp ip dscp 46', 'ip protocol tcp ip dscp 46', 'ip length > 300']
    const hook = '{ type filter hook egress device "eth0" priority 0; }'
    const rules = kinds.map(kind => `add rule netdev seen out ${kind} counter accept`)
    const table = ['add table netdev seen', `add chain netdev seen out ${hook}`, ...rules].join(';')
    for (const host of [0, 1]) await lab.run(host, ['nft', table])
    const sent = async (host: number): Promise<number[]> => {
      const text = await lab.run(host, ['nft', 'list', 'table', 'netdev', 'seen'])
      return [...text.matchAll(/counter packets \d+ bytes (\d+)/g)].map(([, bytes]) =>
        Number(bytes),
      )
    }
    const sizeBytes = 16 * mebibyte
    const meta = await offered(stage, 'x.bin', 16)
    const marked = ['--dscp', '46']
    const sender = stage.send([meta, '--wait-receivers', '1', '--forever', ...marked], { host: 0 })
    const hears = stage.recv('hears', [meta, '--stay', ...marked], { host: 1 })
    await hears.until('complete')
    const peer = ['--peer', `${lab.addressOf(1)}:${stage.peerPort}`, '--no-multicast']
    await end([stage.recv('asks', [meta, ...peer, ...marked], { host: 2 })])
    const [[datagrams, segments, others], [, given, othersGiven]] = [await sent(0), await sent(1)]
    expect(datagrams).toBeGreaterThan(sizeBytes)
    expect(segments + given).toBeGreaterThan(sizeBytes)
    expect(given).toBeGreaterThan(0.1 * sizeBytes)
    expect(others + othersGiven).toBeLessThan(0.01 * sizeBytes)
    await Promise.all([sender.stop(), hears.stop()])
  })
})
