// Whose turn a chunk is follows from which sites one knows: it is one site's for those who know the
// same, and nearly always the same one's for those who do not.

import { describe, expect, it } from 'vitest'
import { sharingOf } from '../../../src/core/session/sharing.js'
import { Link } from '../../../src/core/swarm/link.js'
import type { Hello } from '../../../src/core/wire/message.js'

const chunks = Array.from({ length: 2000 }, (_, chunk) => chunk)
const sites = Array.from({ length: 20 }, (_, site) => `10.0.${site + 1}`)

function link(host: string, role: Hello['role'] = 'receiver'): Link {
  const it = new Link(1, host, true, 0)
  const who = { id: 'a'.repeat(64), node: '0'.repeat(16), port: 1, role, complete: false } as const
  it.hello = { type: 'hello', ...who, version: 1, features: [] }
  return it
}

const sender = link('10.0.99.1', 'seeder')

/** As somebody of this site sees it who knows of these others. */
function seenFrom(own: string, others: readonly string[]) {
  const outside = [sender, ...others.map(prefix => link(`${prefix}.7`))]
  return sharingOf(new Set([link(`${own}.1`).prefix]), outside)
}

describe('the turns of sites', () => {
  const views = sites.map(own =>
    seenFrom(
      own,
      sites.filter(each => each !== own),
    ),
  )

  it('give each chunk to one of them, and to all about the same number', () => {
    const owners = chunks.map(chunk => views.filter(view => view.isOurs(chunk)).length)
    expect(new Set(owners)).toEqual(new Set([1]))
    for (const { sites, isOurs } of views) {
      expect(sites).toBe(20)
      const share = chunks.filter(isOurs).length / chunks.length
      expect(share).toBeGreaterThan(0.6 / 20)
      expect(share).toBeLessThan(1.5 / 20)
    }
  })

  it('leave a chunk to few where each knows only fourteen of them', () => {
    const partial = sites.map((own, i) =>
      seenFrom(
        own,
        Array.from({ length: 13 }, (_, k) => sites[(i + 1 + k) % 20]),
      ),
    )
    const owners = chunks.map(chunk => partial.filter(view => view.isOurs(chunk)).length)
    expect(Math.min(...owners)).toBeGreaterThan(0)
    expect(owners.reduce((sum, each) => sum + each) / chunks.length).toBeLessThan(1.6)
  })

  it('leave no chunk to nobody where a segment is wider than a prefix', () => {
    const wide = new Set([sites[0], sites[1]])
    const others = sites.slice(2)
    const ours = sharingOf(wide, [sender, ...others.map(prefix => link(`${prefix}.7`))])
    // They see hosts of both, and take them for two sites.
    const theirs = others.map(own =>
      seenFrom(
        own,
        sites.filter(each => each !== own),
      ),
    )
    const views = [ours, ...theirs]
    const owners = chunks.map(chunk => views.filter(view => view.isOurs(chunk)).length)
    expect(new Set(owners)).toEqual(new Set([1]))
  })

  it('are all ours where nobody else is, or no sender is known', () => {
    expect(chunks.every(seenFrom(sites[0], []).isOurs)).toBe(true)
    expect(chunks.every(sharingOf(new Set(), [sender]).isOurs)).toBe(true)
  })
})
