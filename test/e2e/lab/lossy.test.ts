// Lossy lines: 5 % and 20 % of everything that receivers get, TCP included, with the congestion
// control that takes it worst. It completes, and by multicast.

import { join } from 'node:path'
import { expect } from 'vitest'
import type { ReceiveResult } from '../../../src/engine/api.js'
import { Lab } from '../../lab/lab.js'
import { skipUnless } from '../../lab/skip.js'
import { end, listening, patience, play, resultOf } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'

const hosts = 3

skipUnless(Lab.available())('lines that lose', patience, () => {
  for (const [lossPercent, sizeBytes] of [
    [5, 16 * mebibyte],
    [20, 8 * mebibyte],
  ]) {
    play(`${lossPercent} % still bring it whole`, async ({ stage }) => {
      const lab = await stage.lan({ hosts, rate: '100mbit', lossPercent })
      for (let host = 0; host < hosts; host++) {
        const route = ['10.42.0.0/24', 'dev', 'eth0', 'src', lab.addressOf(host)]
        await lab.run(host, ['ip', 'route', 'change', ...route, 'congctl', 'cubic'])
      }
      const file = await randomFile(join(stage.folder, 'x.bin'), sizeBytes)
      const meta = await stage.meta(file)
      const receivers = [1, 2].map(host => stage.recv(String(host), [meta], { host }))
      await Promise.all(receivers.map(listening))
      await end([...receivers, stage.send([meta, '--wait-receivers', '2'], { host: 0 })])
      await stage.expectSame(file, '1', '2')
      for (const each of receivers) {
        const { multicastBytes, wrongBlocks } = resultOf<ReceiveResult>(each)
        // At 5 % nearly all that is lost is restored by parity, and rightly.
        expect(multicastBytes).toBeGreaterThan((lossPercent === 5 ? 0.95 : 0.5) * sizeBytes)
        expect(wrongBlocks).toBe(0)
      }
    })
  }
})
