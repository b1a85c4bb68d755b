import { expect, it } from 'vitest'
import { inLanes } from '../../../src/io/disk/lanes.js'

it('does everything, a few at a time', async () => {
  const done: number[] = []
  let busy = 0
  let most = 0
  await inLanes(20, 3, async index => {
    most = Math.max(most, ++busy)
    await Promise.resolve()
    done.push(index)
    busy--
  })
  expect(most).toBe(3)
  expect(done.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i))
})

it('starts nothing after a failure, and throws when the rest has ended', async () => {
  const started: number[] = []
  let ended = 0
  const failing = inLanes(20, 2, async index => {
    started.push(index)
    await Promise.resolve()
    ended++
    if (index === 3) throw new Error('three')
  })
  await expect(failing).rejects.toThrow('three')
  expect(started.length).toBeLessThan(7)
  expect(ended).toBe(started.length)
})
