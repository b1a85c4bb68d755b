// Who takes only so much says so, and whoever gives to it gives it no faster.

import { expect, it } from 'vitest'
import { Bitmap } from '../../../src/core/base/bitmap.js'
import { Prng } from '../../../src/core/base/prng.js'
import { Geometry } from '../../../src/core/meta/geometry.js'
import { Swarm, type SwarmOut } from '../../../src/core/swarm/swarm.js'
import type { Hello } from '../../../src/core/wire/message.js'
import { decodeMessage, encodeMessage } from '../../../src/core/wire/peer.js'

const id = 'a'.repeat(64)
const geometry = new Geometry([64 * 16_384], 16 * 16_384)

function open(node: string, downloadBps?: number): Swarm {
  const verified = new Bitmap(geometry.blockCount)
  const common = { id, geometry, verified, metaBytes: new Uint8Array(10), connectionsWanted: 4 }
  const prng = new Prng(1)
  const swarm = new Swarm({ ...common, node, role: 'receiver', port: 1, prng, downloadBps })
  swarm.handle({ type: 'connected', peer: 1, host: '10.0.0.9', port: 2, outbound: true }, 0)
  return swarm
}

function outOf(swarm: Swarm): SwarmOut[] {
  const outs: SwarmOut[] = []
  for (let out = swarm.poll(0); out; out = swarm.poll(0)) outs.push(out)
  return outs
}

/** What another swarm wants of its shell when one with this limit greets it. */
function greeted(downloadBps?: number): SwarmOut[] {
  const said = outOf(open('1'.repeat(16), downloadBps)).find(out => out.type === 'send')
  // As it comes over the line.
  const frame = encodeMessage((said as { message: Hello }).message)
  const message = decodeMessage({ type: frame[0] & 15, payload: frame.subarray(5) })!
  const other = open('2'.repeat(16))
  outOf(other)
  other.handle({ type: 'message', peer: 1, message }, 0)
  return outOf(other)
}

it('is the limit of whoever has one', () => {
  const paces = (outs: SwarmOut[]): SwarmOut[] => outs.filter(out => out.type === 'pace')
  expect(paces(greeted(1_500_000.5))).toEqual([{ type: 'pace', peer: 1, rateBps: 1_500_001 }])
  expect(paces(greeted(Number.POSITIVE_INFINITY))).toEqual([])
  expect(paces(greeted())).toEqual([])
  expect(greeted(1).some(out => out.type === 'joined')).toBe(true)
})
