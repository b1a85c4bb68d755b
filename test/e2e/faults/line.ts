// A transfer over lines that all have some trouble, each receiver its own or all the same, to its end:
// it comes whole, and for the most part by multicast, as far as that is the better way.

import { expect } from 'vitest'
import type { ReceiveResult } from '../../../src/engine/api.js'
import type { Lab, Trouble } from '../../lab/lab.js'
import { blast } from '../lab/blast.js'
import { end, resultOf, type Stage } from '../stage.js'
import { mebibyte } from '../tree.js'

export interface Lines {
  readonly name: string
  /** What happens to each receiver's line; `loss` is at random. */
  readonly receivers: readonly (readonly ['loss' | Trouble, number])[]
  /** Loss on the way of reports. */
  readonly backPercent?: number
  readonly congestion: 'cubic' | 'bbr'
  readonly mebibytes: number
}

export async function carry(stage: Stage, lines: Lines): Promise<void> {
  const sizeBytes = lines.mebibytes * mebibyte
  const hosts = lines.receivers.length + 1
  const prepare = async (lab: Lab) => {
    for (let host = 0; host < hosts; host++) await congestion(lab, host, lines.congestion)
    for (const [i, [kind, percent]] of lines.receivers.entries()) {
      if (kind === 'loss') await lab.loss(percent, i + 1)
      else await lab.trouble(i + 1, kind, percent)
    }
    if (lines.backPercent !== undefined) await lab.loss(lines.backPercent, 0)
  }
  const lab = { rate: '30mbit' }
  const scene = await blast(stage, { receivers: hosts - 1, sizeBytes, lab, prepare })
  await end([...scene.receivers, scene.sender])
  await stage.expectSame(scene.file, ...scene.names)
  for (const each of scene.receivers)
    expect(resultOf<ReceiveResult>(each).multicastBytes).toBeGreaterThan(0.5 * sizeBytes)
}

async function congestion(lab: Lab, host: number, algorithm: string): Promise<void> {
  const route = ['10.42.0.0/24', 'dev', 'eth0', 'src', lab.addressOf(host)]
  await lab.run(host, ['ip', 'route', 'change', ...route, 'congctl', algorithm])
}
