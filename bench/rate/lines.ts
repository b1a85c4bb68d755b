// How the rate finds a line, follows it when it changes, and shares it with TCP.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { MulticastStatus } from '../../src/engine/api.js'
import type { CliProcess } from '../../test/lab/cli.js'
import type { Lab } from '../../test/lab/lab.js'
import type { Found } from './found.js'
import { pause, Stage } from './stage.js'

const run = promisify(execFile)
const MIB = 2 ** 20

const LINES = [
  { rate: '100mbit', bps: 100e6, sizeBytes: 110 * MIB },
  { rate: '1gbit', bps: 1e9, sizeBytes: 1150 * MIB },
]

/** On lines of a known rate: what leaves two seconds after the first datagram, and from then on. */
export async function find(scratch: string): Promise<Found[]> {
  const found: Found[] = []
  for (const { rate, bps, sizeBytes } of LINES)
    for (const lossPercent of [0, 1, 5]) {
      const options = { rate, lossPercent, sizeBytes, receivers: 2, noOffload: true }
      const stage = await Stage.set(scratch, options)
      try {
        const at = await stage.send()
        await pause(7500)
        const share = (from: number, to: number): number =>
          stage.meters[0].bps('out', at + from, at + to) / bps
        const what = `${rate}, ${lossPercent} % loss:`
        found.push({
          what: `${what} from 2 to 3 s`,
          value: share(2000, 3000),
          unit: '× line',
          least: 0.95,
        })
        found.push({
          what: `${what} from 2 to 7 s`,
          value: share(2000, 7000),
          unit: '× line',
          least: 0.95,
        })
        const arrived = stage.meters[1].bps('in', at + 2000, at + 7000) / bps
        found.push({
          what: `${what} reaches a receiver, 2 to 7 s`,
          value: arrived,
          unit: '× line',
          least: 0.95,
        })
      } finally {
        await stage.strike()
      }
    }
  return found
}

/** Where the machine is the limit: what receivers lose from the second second on. */
export async function unlimited(scratch: string): Promise<Found[]> {
  const found: Found[] = []
  for (const receivers of [1, 4, 8]) {
    const stage = await Stage.set(scratch, { receivers, sizeBytes: 6144 * MIB })
    try {
      const heard = stage.receivers.map(each => lossOf(each))
      const at = await stage.send()
      await pause(8000)
      const lost = heard.map(loss => loss(at + 2000))
      const bps = stage.meters[0].bps('out', at + 2000, at + 8000)
      const what = `unlimited, ${receivers} receivers:`
      const value = Math.max(...lost)
      found.push({ what: `${what} worst loss from 2 s on`, value, unit: '', most: 0.02 })
      found.push({ what: `${what} multicast`, value: bps / 1e9, unit: 'Gbit/s', least: 0.1 })
    } finally {
      await stage.strike()
    }
  }
  return found
}

/** Follows what a receiver says; the answer is the share of the multicast it lost since a time. */
function lossOf(receiver: CliProcess): (sinceMillis: number) => number {
  const seen: { time: number; bytes: number; loss: number }[] = []
  receiver.on(event => {
    const status = event.multicast as MulticastStatus | undefined
    if (event.type === 'progress' && status !== undefined)
      seen.push({ time: event.time, bytes: status.bytes, loss: status.lossFraction })
  })
  return sinceMillis => {
    let lost = 0
    let got = 0
    for (let i = 1; i < seen.length; i++) {
      if (seen[i - 1].time < sinceMillis) continue
      const bytes = seen[i].bytes - seen[i - 1].bytes
      got += bytes
      lost += (bytes * seen[i].loss) / Math.max(0.01, 1 - seen[i].loss)
    }
    return got + lost === 0 ? Number.NaN : lost / (got + lost)
  }
}

/** The receivers' lines change from 1 Gbit/s to 100 Mbit/s, and back. */
export async function change(scratch: string): Promise<Found[]> {
  const options = { rate: '1gbit', sizeBytes: 4096 * MIB, receivers: 2, noOffload: true }
  const stage = await Stage.set(scratch, options)
  try {
    const at = await stage.send()
    await pause(5000)
    const fell = await reshape(stage.lab, 2, '100mbit')
    await pause(10_000)
    const rose = await reshape(stage.lab, 2, '1gbit')
    await pause(12_500)
    const [sender, receiver] = stage.meters
    const found = (what: string, value: number, least: number, most?: number): Found => {
      return { what, value: value / 1e6, unit: 'Mbit/s', least, most }
    }
    return [
      found('1 Gbit/s before', sender.bps('out', at + 2500, fell), 930),
      found(
        'falls to 100 Mbit/s: sent 2 to 3 s later',
        sender.bps('out', fell + 2000, fell + 3000),
        90,
        105,
      ),
      found(
        'falls to 100 Mbit/s: arrives 2 to 9 s later',
        receiver.bps('in', fell + 2000, fell + 9000),
        93,
      ),
      found(
        'rises to 1 Gbit/s: sent 10 to 12 s later',
        sender.bps('out', rose + 10_000, rose + 12_000),
        930,
      ),
    ]
  } finally {
    await stage.strike()
  }
}

/** The switch's ports towards the receivers. */
async function reshape(lab: Lab, receivers: number, rate: string): Promise<number> {
  const burst = rate === '1gbit' ? 125_000 : 15_140
  for (let host = 1; host <= receivers; host++) {
    const queue = [
      'root',
      'tbf',
      'rate',
      rate,
      'burst',
      String(burst),
      'limit',
      '524288',
      'overhead',
      '24',
    ]
    const args = ['-n', `${lab.prefix}-switch`, 'qdisc', 'change', 'dev', `port${host}`, ...queue]
    await run('tc', args)
  }
  return Date.now()
}

/** One TCP flow to a receiver beside the blast, for twenty seconds. */
export async function share(scratch: string): Promise<Found[]> {
  const found: Found[] = []
  for (const congestion of ['cubic', 'bbr']) {
    const options = {
      rate: '100mbit',
      sizeBytes: 400 * MIB,
      receivers: 2,
      noOffload: true,
      congestion,
    }
    const stage = await Stage.set(scratch, options)
    const { lab } = stage
    const server = lab.exec(1, ['iperf3', '-s', '-1'], { stdio: 'ignore' })
    try {
      const at = await stage.send()
      await pause(3000)
      const from = Date.now()
      const flow = lab.run(0, [
        'iperf3',
        '-c',
        lab.addressOf(1),
        '-t',
        '20',
        '-J',
        '-C',
        congestion,
      ])
      const told = JSON.parse(await flow)
      const tcp = told.end.sum_received.bits_per_second / 1e6
      // A receiver's line carries both; the other receiver's the blast alone.
      const both = stage.meters[1].bps('in', from, from + 20_000) / 1e6
      found.push({ what: `beside TCP ${congestion}: TCP`, value: tcp, unit: 'Mbit/s', least: 25 })
      found.push({
        what: `beside TCP ${congestion}: the blast`,
        value: both - tcp * 1.05,
        unit: 'Mbit/s',
        least: 25,
      })
      void at
    } finally {
      server.kill('SIGTERM')
      await stage.strike()
    }
  }
  return found
}
