// What the lan bench is asked to measure, from its command line.

import { parseArgs } from 'node:util'
import { parseSize } from '../../src/app/cli/units.js'

export interface LanOptions {
  readonly sizeBytes: number
  readonly runs: number
  readonly receivers: number
  /** Undefined: the machine is the limit. */
  readonly rate: string | undefined
  readonly bare: boolean
  readonly lossPercents: readonly number[]
  readonly congestions: readonly string[]
  readonly late: boolean
  readonly burst: boolean
  readonly rivals: boolean
  readonly onlyRivals: boolean
  /** Without multicast: swarms alone. */
  readonly swarm: boolean
  readonly timeoutMillis: number
  /** Where the result goes: bench/results/NAME.json. */
  readonly name: string
}

export const lanHelp = `How fast does a file reach every host of a LAN, and what does it cost the sender?
Needs root (namespaces). Writes bench/results/lan.json.

  npm run bench -- lan                 8 receivers, 100 Mbit/s, 256 MiB, loss 0 and 1 %
  npm run bench -- lan --all           also loss 5 and 20 %, the late receiver, the burst
  npm run bench -- lan --rivals        also what others use, where it is installed
  npm run bench -- lan --rate none --size 1GiB --rivals --name unlimited
                                       the machine is the limit: CPU seconds tell most

  --size SIZE            of the file                       [256MiB]
  --runs N               medians of so many                [3]
  --receivers N                                            [8]
  --rate RATE            of every line, or none            [100mbit]
  --bare                 with --rate none: packets as a bare network card cuts them
  --loss LIST            per cent, e.g. 0,1,5              [0,1]
  --congestion LIST      of TCP: cubic, bbr                [cubic,bbr]
  --late                 one receiver joins at half of the blast
  --burst                one receiver hears nothing for 2 s in its middle
  --all                  loss 0,1,5,20 and --late and --burst
  --rivals               udpcast, uftp, nginx with curl, libtorrent and a raw blast in C too;
                         --only-rivals: nobody else
  --swarm                without multicast, beside libtorrent and aria2; --loss 0 unless given
  --timeout SECONDS      of one run                        [300]
  --name NAME            of the result                     [lan, or swarm]
`

/** Reads the options; undefined when help is wanted. Throws on what it does not know. */
export function lanOptions(args: string[]): LanOptions | undefined {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: 'boolean' },
      size: { type: 'string', default: '256MiB' },
      runs: { type: 'string', default: '3' },
      receivers: { type: 'string', default: '8' },
      rate: { type: 'string', default: '100mbit' },
      loss: { type: 'string' },
      congestion: { type: 'string', default: 'cubic,bbr' },
      late: { type: 'boolean', default: false },
      burst: { type: 'boolean', default: false },
      all: { type: 'boolean', default: false },
      bare: { type: 'boolean', default: false },
      rivals: { type: 'boolean', default: false },
      'only-rivals': { type: 'boolean', default: false },
      swarm: { type: 'boolean', default: false },
      timeout: { type: 'string', default: '300' },
      name: { type: 'string' },
    },
  })
  if (values.help) return undefined
  return {
    sizeBytes: parseSize(values.size),
    runs: positive('--runs', values.runs),
    receivers: positive('--receivers', values.receivers),
    rate: values.rate === 'none' ? undefined : values.rate,
    bare: values.rate !== 'none' || values.bare,
    lossPercents: (values.loss ?? (values.swarm ? '0' : values.all ? '0,1,5,20' : '0,1'))
      .split(',')
      .map(Number),
    congestions: values.congestion.split(','),
    late: values.late || values.all,
    burst: values.burst || values.all,
    rivals: values.rivals || values['only-rivals'],
    onlyRivals: values['only-rivals'],
    timeoutMillis: positive('--timeout', values.timeout) * 1000,
    swarm: values.swarm,
    name: values.name ?? (values.swarm ? 'swarm' : 'lan'),
  }
}

function positive(flag: string, text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number > 0) return number
  throw new Error(`${flag} wants a positive whole number, not "${text}"`)
}
