// A LAN that speaks IPv6 alone: the blast goes to an IPv6 group and the swarm repairs over IPv6, on
// the only interface that there is and on one that the user names.

import { join } from 'node:path'
import { expect } from 'vitest'
import type { ReceiveResult } from '../../../src/engine/api.js'
import { Lab } from '../../lab/lab.js'
import { skipUnless } from '../../lab/skip.js'
import { end, listening, patience, play, resultOf } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'

const group = 'ff12::4343'
const sizeBytes = 16 * mebibyte

/**
 * Takes a host's IPv4 away and gives it IPv6. That others have the same address is not looked for:
 * for the second that this takes, memberships are not reported.
 */
async function speakSix(lab: Lab, host: number): Promise<void> {
  const address = `fd42::${host + 1}/64`
  await lab.run(host, ['ip', '-4', 'address', 'flush', 'dev', 'eth0'])
  await lab.run(host, ['sh', '-c', 'echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad'])
  await lab.run(host, ['sh', '-c', 'echo 0 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6'])
  await lab.run(host, ['sh', '-c', 'echo 0 >/proc/sys/net/ipv6/conf/lo/disable_ipv6'])
  await lab.run(host, ['ip', '-6', 'address', 'add', address, 'dev', 'eth0', 'nodad'])
}

skipUnless(Lab.available())('a LAN with IPv6 only', patience, () => {
  for (const named of [false, true])
    play(`multicasts and repairs, the interface ${named ? '' : 'not '}named`, async ({ stage }) => {
      const lab = await stage.lan({ hosts: 3, rate: '100mbit', lossPercent: 2 })
      for (const host of [0, 1, 2]) await speakSix(lab, host)
      const on = ['--group', group, ...(named ? ['--interface', 'eth0'] : [])]
      const file = await randomFile(join(stage.folder, 'x.bin'), sizeBytes)
      const meta = await stage.meta(file)
      const receivers = [1, 2].map(host => {
        const name = String(host)
        return stage.run(name, ['recv', meta, '-o', stage.out(name), ...on], { host })
      })
      await Promise.all(receivers.map(listening))
      const sender = stage.run('sender', ['send', meta, '--wait-receivers', '2', ...on], {
        host: 0,
      })
      await end([sender, ...receivers])
      await stage.expectSame(file, '1', '2')
      for (const each of receivers) {
        const { multicastBytes, peerBytes, seederBytes } = resultOf<ReceiveResult>(each)
        expect(multicastBytes).toBeGreaterThan(0.9 * sizeBytes)
        expect(peerBytes + seederBytes).toBeGreaterThan(0)
      }
    })
})
