import { expect, test } from 'vitest'
import { LIMITS } from '../../../src/core/base/limits.js'
import { Prng } from '../../../src/core/base/prng.js'
import { News } from '../../../src/core/swarm/news.js'

const toldAt = 1_000_000

function told(): News {
  const news = new News(new Prng(1))
  news.add(0, 1, false, 8, toldAt)
  expect(news.take(toldAt)).toEqual([0])
  return news
}

test('the first news is told at once, each chunk of it once and in order', () => {
  const news = new News(new Prng(1))
  for (const chunk of [3, 1, 3]) news.add(chunk, 1, false, 8, 5)
  expect(news.dueAt).toBe(5)
  expect(news.take(5)).toEqual([1, 3])
  expect(news.dueAt).toBe(Number.POSITIVE_INFINITY)
})

test('what a peer brought is told soon, a flood of it sooner than a trickle', () => {
  const trickle = told()
  trickle.add(1, 1, false, 8, toldAt)
  expect(trickle.dueAt).toBe(toldAt + LIMITS.haveTrickleMicros)
  for (let i = 1; i < LIMITS.haveAtOnceBlocks; i++) trickle.add(1, 1, false, 8, toldAt)
  expect(trickle.dueAt).toBe(toldAt + LIMITS.haveEveryMicros)
})

test('what everybody may have heard is told the more rarely the more peers can tell', () => {
  const rarely = (peers: number): number => {
    const news = told()
    news.add(1, 1, true, peers, toldAt)
    return news.dueAt - toldAt
  }
  expect(rarely(2)).toBeLessThan(rarely(5))
  expect(rarely(5)).toBeLessThan(rarely(8))
  expect(rarely(1000)).toBeLessThanOrEqual(1.25 * LIMITS.haveHeardMaxMicros)
})

test('news that others may wait for does not wait for the rest', () => {
  const news = told()
  news.add(1, 1, true, 8, toldAt)
  news.add(2, 1, false, 8, toldAt)
  expect(news.dueAt).toBe(toldAt + LIMITS.haveTrickleMicros)
  expect(news.take(news.dueAt)).toEqual([1, 2])
})

test('when nobody hears a blast any more, what there is to tell waits no longer', () => {
  const news = told()
  news.hurry(toldAt)
  expect(news.dueAt).toBe(Number.POSITIVE_INFINITY)
  news.add(1, 1, true, 40, toldAt)
  expect(news.dueAt).toBeGreaterThan(toldAt + LIMITS.haveTrickleMicros)
  news.hurry(toldAt)
  expect(news.dueAt).toBe(toldAt + LIMITS.haveTrickleMicros)
  news.hurry(toldAt + 10 * LIMITS.haveTrickleMicros)
  expect(news.dueAt).toBe(toldAt + LIMITS.haveTrickleMicros)
})

test('the first words of forty who hear the same blast are spread over their interval', () => {
  const dues = Array.from({ length: 40 }, (_, seed) => {
    const news = new News(new Prng(seed))
    news.add(0, 1, true, 40, toldAt)
    return news.dueAt - toldAt
  })
  const early = dues.filter(due => due < LIMITS.haveHeardMaxMicros / 2).length
  expect(early).toBeGreaterThan(10)
  expect(early).toBeLessThan(30)
  expect(Math.min(...dues)).toBeLessThan(250_000)
})

test('receivers that hear the same blast do not tell in step', () => {
  const dues = [1, 2, 3, 4].map(seed => {
    const news = new News(new Prng(seed))
    news.add(0, 1, true, 8, toldAt)
    news.take(toldAt)
    news.add(1, 1, true, 8, toldAt)
    return news.dueAt
  })
  expect(new Set(dues).size).toBe(4)
})
