// A receiver's name in the swarm: the same for each run of one transfer into one folder.

import {
  linkSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { NODE_NAME, nodeOf } from '../../../src/io/disk/node.js'
import { freshFolder } from './sample.js'

it('stays while the folder stands, and is another elsewhere', async () => {
  const folder = freshFolder()
  const node = await nodeOf(folder)
  expect(node).toMatch(/^[0-9a-f]{16}$/)
  expect(await nodeOf(folder)).toBe(node)
  expect(await nodeOf(freshFolder())).not.toBe(node)
})

it('is made anew when what lies there is none, and never written through a link', async () => {
  const folder = freshFolder()
  writeFileSync(join(folder, NODE_NAME), 'half a na')
  const node = await nodeOf(folder)
  expect(node).toMatch(/^[0-9a-f]{16}$/)
  expect(await nodeOf(folder)).toBe(node)
  const trap = freshFolder()
  symlinkSync(join(trap, 'elsewhere'), join(trap, NODE_NAME))
  expect(await nodeOf(trap)).toMatch(/^[0-9a-f]{16}$/)
  expect(readdirSync(trap)).toEqual([NODE_NAME])
  writeFileSync(join(trap, 'mine'), 'outside')
  unlinkSync(join(trap, NODE_NAME))
  linkSync(join(trap, 'mine'), join(trap, NODE_NAME))
  expect(await nodeOf(trap)).toMatch(/^[0-9a-f]{16}$/)
  expect(readFileSync(join(trap, 'mine'), 'utf8')).toBe('outside')
})
