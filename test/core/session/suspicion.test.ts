// What a receiver makes of wrong blocks: it says so, seldom, and leaves a group that brings mostly lies.

import { expect, it } from 'vitest'
import { Suspicion } from '../../../src/core/session/suspicion.js'

const FROM = (): string[] => ['10.0.0.1']

it('says once that somebody forges, and ever more rarely how much was wrong', () => {
  const suspicion = new Suspicion()
  const codes: string[] = []
  for (let block = 0; block < 1000; block++) {
    for (let right = 0; right < 8; right++) suspicion.right(['multicast'], block)
    expect(suspicion.wrong(['multicast'])).toBe(false)
    for (let news = suspicion.news(FROM); news; news = suspicion.news(FROM)) codes.push(news.code)
  }
  expect(codes).toEqual(['wrong-data', 'forged-data', 'wrong-data', 'wrong-data', 'wrong-data'])
  expect(suspicion.wrongBlocks).toBe(1999)
  expect(suspicion.why).toBeUndefined()
})

it('says so too when every block could be mended', () => {
  const suspicion = new Suspicion()
  suspicion.right(['multicast'], 7)
  expect(suspicion.news(FROM)).toBeUndefined()
  suspicion.right(['multicast'], 8)
  expect(suspicion.news(FROM)?.message).toContain('forges datagrams from 10.0.0.1: 8 blocks')
})

it('stays in the group where there is nothing else, and tells nobody to leave it', () => {
  const suspicion = new Suspicion(true)
  for (let block = 0; block < 1000; block++) expect(suspicion.wrong(['multicast'])).toBe(false)
  expect(suspicion.why).toBeUndefined()
  expect(suspicion.news(FROM)?.hint).not.toContain('--no-multicast')
  expect(suspicion.news(FROM)?.message).toContain('awaited again')
})

it('leaves the group when most of what it brings is wrong, and says why', () => {
  const suspicion = new Suspicion()
  let left = 0
  for (let block = 0; block < 400; block++) {
    suspicion.right(['multicast'], 0)
    if (suspicion.wrong(['multicast']) || suspicion.wrong(['multicast'])) left++
  }
  expect(left).toBe(1)
  expect(suspicion.why).toContain('forged')
})

it('does not blame the group for what peers send', () => {
  const suspicion = new Suspicion()
  for (let block = 0; block < 1000; block++) expect(suspicion.wrong(['peer'])).toBe(false)
  expect(suspicion.news(FROM)).toMatchObject({ code: 'wrong-data' })
  expect(suspicion.why).toBeUndefined()
})
