// The rate bench: does the blast find the line, keep to it, share it, and cope with loss and with slow
// receivers? In a lab of namespaces; the wire is read from the kernel's counters.

import { parseArgs } from 'node:util'
import { Lab } from '../test/lab/lab.js'
import { type Found, holds, line } from './rate/found.js'
import { change, find, share, unlimited } from './rate/lines.js'
import { fec, oneWay, slow } from './rate/repair.js'
import { circumstances, save } from './record.js'
import { removeScratch, scratchFolder } from './scratch.js'

const exitMissed = 10

const cases: Readonly<Record<string, (scratch: string) => Promise<Found[]>>> = {
  find,
  unlimited,
  change,
  share,
  fec,
  'one-way': oneWay,
  slow,
}

const help = `Does the blast find the line, keep to it, share it, and cope with loss and slow receivers?
Needs root (namespaces). Writes bench/results/rate.json.

  npm run bench -- rate                everything, about ten minutes
  npm run bench -- rate CASE…          ${Object.keys(cases).join(', ')}

  --name NAME                          of the result [rate; with cases: rate-CASE…]
`

/** Measures, prints a line per promise. Resolves with 0, or 10 when one was not kept. */
export async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { help: { type: 'boolean' }, name: { type: 'string' } },
  })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  const unknown = positionals.find(name => !Object.hasOwn(cases, name))
  if (unknown !== undefined) throw new Error(`no case "${unknown}"; see --help`)
  const missing = Lab.available()
  if (missing) throw new Error(missing)
  const names = positionals.length > 0 ? positionals : Object.keys(cases)
  const scratch = await scratchFolder(2 ** 30)
  const found: Found[] = []
  try {
    for (const name of names)
      for (const each of await cases[name](scratch)) {
        found.push(each)
        process.stdout.write(`${line(each)}\n`)
      }
  } finally {
    await removeScratch(scratch)
  }
  const rows = found.map(each => ({ ...each, holds: holds(each) }))
  const name = values.name ?? ['rate', ...positionals].join('-')
  process.stdout.write(`\nwritten to ${save(name, { bench: 'rate', ...circumstances(), rows })}\n`)
  return rows.every(row => row.holds) ? 0 : exitMissed
}
