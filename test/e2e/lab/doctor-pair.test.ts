// Two doctors in namespaces, with something real between them: a firewall on one side, lines that
// lose, a switch port with a smaller MTU, a switch that forgets who listens.

import { expect } from 'vitest'
import { Lab } from '../../lab/lab.js'
import { skipUnless } from '../../lab/skip.js'
import { patience, play, type Stage } from '../stage.js'
import { type Diagnosis, diagnose } from './patient.js'

/** A doctor listens in one host, and another's is run with it. */
async function pairUp(
  stage: Stage,
  host: number,
  other: number,
  ...args: string[]
): Promise<Diagnosis> {
  const lab = stage.lab!
  const listener = stage.run('listener', ['doctor', '--listen', ...stage.network], { host: other })
  const { peerPort } = await listener.until('listening')
  const given = ['--with', `${lab.addressOf(other)}:${peerPort}`, '--max-rate', '16Mbit', ...args]
  const found = await diagnose(stage, host, given)
  expect(await listener.stop()).toBe(0)
  expect(listener.last('result')).toMatchObject({ exit: 0 })
  return found
}

skipUnless(Lab.available())('two doctors', patience, () => {
  play.concurrent(
    'prove both directions, and tell what is in the way of each',
    async ({ stage }) => {
      const lab = await stage.lan({ hosts: 10, noOffload: true })
      const deaf = 'table ip deaf { chain in { type filter hook input priority 0; '
      await lab.run(3, ['nft', `${deaf} ip daddr 224.0.0.0/4 drop; }; }`])
      await lab.loss(10, 5)
      await lab.run(6, ['nft', `${deaf} tcp flags syn tcp flags & ack == 0 drop; }; }`])
      const narrow = ['ip', '-n', `${lab.prefix}-switch`, 'link', 'set', 'port9', 'mtu', '1400']
      await lab.run(9, narrow)
      const hold = ['--hold', '0s']
      const [healthy, silent, lossy, shut, hole] = await Promise.all([
        pairUp(stage, 0, 1, ...hold),
        pairUp(stage, 2, 3, ...hold),
        // Its first step is a sixteenth of that: of 85 datagrams more than 20 % may be lost by chance.
        pairUp(stage, 4, 5, ...hold, '--max-rate', '48Mbit'),
        pairUp(stage, 6, 7, ...hold),
        pairUp(stage, 8, 9, ...hold),
      ])
      expect([healthy.exit, healthy.failed]).toEqual([0, []])
      for (const way of ['to', 'from'])
        for (const check of ['tcp', 'multicast', 'mtu', 'loss', 'membership'])
          expect(healthy.of[`${check}-${way}`], `${check}-${way}`).toMatchObject({ state: 'ok' })
      expect(healthy.of['tcp-bulk'].state).toBe('ok')

      expect([silent.exit, silent.failed]).toEqual([4, ['multicast-to']])
      expect(silent.of['multicast-to'].todo).toContain('run mcp2p doctor at 10.42.0.4')
      expect(silent.of['multicast-from'].state).toBe('ok')

      expect(lossy.failed).toEqual([])
      expect(lossy.of['loss-to']).toMatchObject({ state: 'warning' })
      expect(lossy.of['loss-to'].why).toMatch(/ (\d|1\d|2[0-5]) % are lost to 10\.42\.0\.6$/)
      expect(lossy.of['loss-from'].state).toBe('ok')

      expect(shut.failed).toEqual(['tcp-from'])

      expect(hole.failed).toEqual(['tcp-bulk', 'mtu-to', 'mtu-from'])
      expect(hole.of['mtu-to'].why).toContain('of 1400 do: a black hole')
      await lab.run(8, ['sh', '-c', hole.of['mtu-to'].todo!.replace(/,.*/, '')])
      expect(await lab.run(8, ['cat', '/sys/class/net/eth0/mtu'])).toBe('1400\n')
    },
  )

  play.concurrent(
    'find a switch that forgets who listens, and settings that differ',
    async ({ stage }) => {
      const lab = await stage.lan({ hosts: 5, snooping: 'dies' })
      await lab.run(1, ['ip', 'link', 'set', 'eth0', 'mtu', '9000'])
      const [forgotten, otherwise, nobody] = await Promise.all([
        pairUp(stage, 0, 1, '--hold', '6s'),
        pairUp(stage, 2, 3, '--data-port', String(stage.port + 3)),
        diagnose(stage, 4, ['--with', '10.42.0.99']),
      ])
      expect(forgotten.failed).toEqual(['membership-to', 'membership-from'])
      for (const way of ['to', 'from'])
        expect(forgotten.of[`membership-${way}`].why).toContain('and is again after joining anew')
      expect(forgotten.of.settings).toMatchObject({ state: 'warning' })
      expect(forgotten.of.settings.why).toContain('the MTU is 1500 here and 9000 at')
      expect(otherwise.failed).toEqual(['settings'])
      expect(otherwise.of.settings.todo).toBe('pass the same --data-port on both')
      expect(nobody.of['tcp-to']).toMatchObject({ state: 'failed' })
      expect(nobody.of['tcp-to'].todo).toContain('mcp2p doctor --listen')
    },
  )
})
