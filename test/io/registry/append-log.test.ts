// What was appended is there after whatever happened to the process: a line that was cut short takes
// no other with it, and a file that is written anew while lines come has all of them.

import { appendFileSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { AppendLog } from '../../../src/io/registry/append-log.js'
import { freshFolder } from '../disk/sample.js'

const whole = (lines: readonly string[]) => lines.filter(line => /^\d+ whole$/.test(line))

it('a line that a crash cut short at any byte takes no other with it', async () => {
  const path = join(freshFolder(), 'log')
  const { log } = await AppendLog.open(path)
  for (const line of ['1 whole', '2 whole']) log.append(line)
  log.close()
  const { length } = readFileSync(path)
  for (let cut = length; cut > length - 9; cut--) {
    truncateSync(path, cut)
    const { log: next, lines } = await AppendLog.open(path)
    expect(whole(lines).slice(0, 1)).toEqual(['1 whole'])
    next.append('3 whole')
    next.close()
    const { log: last, lines: after } = await AppendLog.open(path)
    expect(whole(after)).toEqual([...whole(lines), '3 whole'])
    last.close()
    truncateSync(path, cut)
  }
})

it('written anew while lines come, it has all of them', async () => {
  const path = join(freshFolder(), 'log')
  appendFileSync(path, 'torn')
  const { log } = await AppendLog.open(path)
  const items = Array.from({ length: 1000 }, (_, i) => i)
  const written = log.rewrite(items, i => `${i} whole`)
  for (let i = 1000; i < 1010; i++) {
    log.append(`${i} whole`)
    await new Promise(resolve => setImmediate(resolve))
  }
  // Killed here, the old file has what was appended.
  expect(whole(readFileSync(path, 'utf8').split('\n')).length).toBeGreaterThanOrEqual(10)
  await written
  log.append('1010 whole')
  expect(log.bytes).toBe(readFileSync(path).length)
  log.close()
  const { log: last, lines } = await AppendLog.open(path)
  expect(new Set(whole(lines)).size).toBe(1011)
  expect(lines).not.toContain('torn')
  last.close()
})
