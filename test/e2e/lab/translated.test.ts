// Two sites behind translators, and a manager and a sender outside: who is behind the same one is told
// the address inside as well, so a site shares at home what it has fetched; nobody else learns it.

import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { Lab } from '../../lab/lab.js'
import { skipUnless } from '../../lab/skip.js'
import { eventsOf, play } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'

const sizeBytes = 24 * mebibyte
const sites = [
  { subnet: 1, hosts: [1, 4] },
  { subnet: 2, hosts: [2, 5] },
]

/** Bytes that the router has sent into a subnet. */
function crossed(lab: Lab, subnet: number): number {
  const args = ['-j', '-s', '-n', `${lab.prefix}-router`, 'link', 'show', `eth${subnet}`]
  const [{ stats64 }] = JSON.parse(execFileSync('ip', args, { encoding: 'utf8' }))
  return stats64.tx.bytes
}

/** The hosts of the peers that a manager tells somebody in a host of the lab. */
async function told(lab: Lab, host: number, manager: string, metaHash: string): Promise<string[]> {
  const [at, port] = manager.split(':')
  const line = JSON.stringify({ cmd: 'request_peers', meta_hash: metaHash })
  const ask = `const socket = require('node:net').connect(${port}, '${at}')
    socket.end('${line}\\n').on('data', bytes => process.stdout.write(bytes))`
  const { peers } = JSON.parse(await lab.run(host, [process.execPath, '-e', ask]))
  return peers.map((peer: { host: string }) => peer.host).sort()
}

skipUnless(Lab.available())('behind translators', { timeout: 90_000 }, () => {
  play('peers get the outside and the inside address, and use it', async ({ stage }) => {
    const lab = await stage.lan({ hosts: 6, subnets: 3, rate: '100mbit', wanRate: '50mbit' })
    const outside = await Promise.all(sites.map(({ subnet }) => lab.translate(subnet)))
    const manager = `${lab.addressOf(3)}:8889`
    const managing = ['manager', '--state', join(stage.folder, 'state')]
    await stage.run('manager', managing, { host: 3 }).until('listening')
    const file = await randomFile(join(stage.folder, 'x.bin'), sizeBytes)
    const meta = await stage.meta(file, '--manager', manager)
    const { id } = JSON.parse(await readFile(meta, 'utf8'))
    const before = sites.map(({ subnet }) => crossed(lab, subnet))
    const receivers = sites.flatMap(({ hosts }) =>
      hosts.map(host =>
        stage.recv(String(host), [`mcp2p:${id}?m=${manager}`, '--no-multicast', '--stay'], {
          host,
        }),
      ),
    )
    const met = receivers.map(each => eventsOf(each, 'peer'))
    const sender = stage.send([meta, '--no-multicast', '--forever'], { host: 0 })
    await Promise.all(receivers.map(each => each.until('complete')))

    for (const [i, { hosts, subnet }] of sites.entries()) {
      const inside = hosts.map(host => lab.addressOf(host))
      const all = [lab.addressOf(0), ...outside, outside[i], outside[1 - i], ...inside]
      expect(await told(lab, hosts[0], manager, id)).toEqual(all.sort())
      const peers = [0, 1].map(k => met[2 * i + k].map(event => String(event.host)))
      expect(peers[0].concat(peers[1]).some(host => inside.includes(host))).toBe(true)
      // Without that each of them would fetch all of it from outside: twice the file.
      const share = (crossed(lab, subnet) - before[i]) / sizeBytes
      if (process.env.TRANSLATED_TELL) process.stderr.write(`site ${subnet}: ${share.toFixed(2)}\n`)
      expect(share).toBeLessThan(1.4)
    }
    await Promise.all([sender, ...receivers].map(each => each.stop()))
    await stage.expectSame(file, ...sites.flatMap(({ hosts }) => hosts.map(String)))
  })
})
