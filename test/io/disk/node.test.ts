// A receiver's name in the swarm: the same for each run of one transfer into one folder.

import { readdirSync, symlinkSync, writeFileSync } from 'node:fs'
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

it('is made anew when what lies there is none, and never through a link', async () => {
  const folder = freshFolder()
  writeFileSync(join(folder, NODE_NAME), 'half a na')
  const node = await nodeOf(folder)
  expect(node).toMatch(/^[0-9a-f]{16}$/)
  expect(await nodeOf(folder)).toBe(node)
  const trap = freshFolder()
  symlinkSync(join(trap, 'elsewhere'), join(trap, NODE_NAME))
  await expect(nodeOf(trap)).rejects.toMatchObject({ exit: 'storage' })
  expect(readdirSync(trap)).toEqual([NODE_NAME])
})
