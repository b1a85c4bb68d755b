// The setting of the lan bench: one sender, n receivers, each on a line of its own rate, and the
// congestion control that the machine's TCP is to use.

import { Lab } from '../../test/lab/lab.js'

export interface Setting {
  readonly receivers: number
  /** Line rate as tc writes it: `100mbit`; without one the machine is the limit. */
  readonly rate: string | undefined
  /** Packets are cut and counted as a bare network card would. */
  readonly bare: boolean
  readonly lossPercent: number
  readonly congestion: string
}

/** Congestion controls that this kernel has, e.g. reno, cubic, bbr. */
export async function congestionControls(): Promise<readonly string[]> {
  const lab = await Lab.up({ hosts: 1 })
  try {
    const path = '/proc/sys/net/ipv4/tcp_available_congestion_control'
    return (await lab.run(0, ['cat', path])).trim().split(/\s+/)
  } finally {
    await lab.down()
  }
}

/** Makes the LAN; host 0 sends. */
export async function layLines(setting: Setting): Promise<Lab> {
  const { receivers, rate, bare, lossPercent, congestion } = setting
  const lab = await Lab.up({ hosts: receivers + 1, rate, lossPercent, noOffload: bare })
  try {
    // By route, not by sysctl: a namespace may set only what the kernel allows to everybody.
    for (let host = 0; host <= receivers; host++) {
      const route = ['10.42.0.0/24', 'dev', 'eth0', 'src', lab.addressOf(host)]
      await lab.run(host, ['ip', 'route', 'change', ...route, 'congctl', congestion])
    }
    return lab
  } catch (error) {
    await lab.down()
    throw error
  }
}
