import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'

it('lists the benches, one in a line, when none is named', () => {
  const { status, stderr } = spawnSync(process.execPath, ['dist/bench/main.js'], {
    encoding: 'utf8',
  })
  expect(status).toBe(2)
  const [usage, ...list] = stderr.trimEnd().split('\n')
  expect(usage).toMatch(/^npm run bench -- NAME/)
  expect(list.length).toBeGreaterThan(5)
  for (const line of list) expect(line).toMatch(/^ {2}[a-z-]+ +\S/)
})
