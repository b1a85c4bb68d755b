// How many peers a manager serves, how soon, and in how much memory; and what abuse does to the
// others. The load generator and the manager share this machine's cores.

import { parseArgs } from 'node:util'
import { CliProcess } from '../test/lab/cli.js'
import { Abuse } from './manager/abuse.js'
import { Crowd } from './manager/crowd.js'
import { circumstances, save } from './record.js'
import { removeScratch, scratchFolder } from './scratch.js'

const HELP = `npm run bench -- manager [OPTIONS]

  --peers N        registered, each on its own connection (10000)
  --swarms N       that they are in (100)
  --rate N         requests a second (2000)
  --seconds N      of each of the two measurements (10)
  --port N         of the manager; the next one is its HTTP port (28889)

Exit 10 when p99 is 20 ms or more, memory 300 MB or more, or abuse doubles the others' p99.
`

const LATENCY_MILLIS_MAX = 20
const MEMORY_BYTES_MAX = 300e6
const ABUSE_FACTOR_MAX = 2

export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: 'boolean', short: 'h' },
      peers: { type: 'string', default: '10000' },
      swarms: { type: 'string', default: '100' },
      rate: { type: 'string', default: '2000' },
      seconds: { type: 'string', default: '10' },
      port: { type: 'string', default: '28889' },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const numbers = [values.peers, values.swarms, values.rate, values.seconds, values.port].map(
    Number,
  )
  if (!numbers.every(each => Number.isInteger(each) && each > 0)) throw new Error(HELP)
  const [peers, swarms, rate, seconds, port] = numbers
  const state = await scratchFolder(32 * 2 ** 20)
  const manager = new CliProcess('manager', [
    ...['manager', '--manager-port', `${port}`, '--state', state, '--bind', '127.0.0.1'],
  ])
  try {
    await manager.until('listening')
    const result = await measure({ peers, swarms, rate, seconds, port })
    const path = save('manager', { ...circumstances(), load: { peers, swarms, rate }, ...result })
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n${path}\n`)
    const { alone, abused, residentBytes } = result
    const isFast = alone.p99Millis < LATENCY_MILLIS_MAX
    const isSmall = residentBytes < MEMORY_BYTES_MAX
    return isFast && isSmall && abused.p99Millis < ABUSE_FACTOR_MAX * alone.p99Millis ? 0 : 10
  } finally {
    await manager.stop()
    await removeScratch(state)
  }
}

interface Load {
  readonly peers: number
  readonly swarms: number
  readonly rate: number
  readonly seconds: number
  readonly port: number
}

async function measure({ peers, swarms, rate, seconds, port }: Load) {
  const crowd = await Crowd.gather(port, peers, swarms)
  const alone = await crowd.ask(rate, seconds)
  const abuse = await Abuse.begin(port)
  const abused = await crowd.ask(rate, seconds)
  const abuses = abuse.end()
  const residentBytes = await residentBytesOf(port + 1)
  crowd.close()
  return { alone, abused, abuses, residentBytes }
}

/** As the manager's own metrics have it. */
async function residentBytesOf(port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  return Number(/^mcp2p_manager_resident_memory_bytes (\S+)$/m.exec(text)?.[1])
}
