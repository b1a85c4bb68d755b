// A doctor that listens, as somebody meets it who means ill: it answers lines that make no sense,
// keeps to its limits whatever is asked, and serves one host at a time, for ever.

import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { describe, expect } from 'vitest'
import { LIMITS } from '../../../src/core/base/limits.js'
import { patience, play, type Stage } from '../stage.js'

type Answer = Record<string, unknown>

async function call(port: number, from = '127.0.0.1') {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from })
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]()
  const ask = async (request: unknown): Promise<Answer> => {
    socket.write(`${JSON.stringify(request)}\n`)
    const { value, done } = await lines.next()
    return done ? { cmd: 'closed' } : JSON.parse(value)
  }
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return { socket, ask }
}

async function listening(stage: Stage, ...args: string[]) {
  const listener = stage.run('listener', ['doctor', '--listen', ...args, ...stage.network])
  const { peerPort } = await listener.until('listening')
  return { listener, peerPort: Number(peerPort) }
}

function helloOf({ group, port }: Stage) {
  const place = { group, port, dataPort: port + 1, mtuBytes: 1500, unixMillis: 0 }
  return { cmd: 'hello', run: 7, ...place }
}

/** Bytes that arrive at the group, on the port of the data. */
function bytesAt(stage: Stage): () => number {
  const { group, port } = stage
  let bytes = 0
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  socket.on('message', message => {
    bytes += message.length
  })
  socket.bind(port + 1, group, () => socket.addMembership(group, '127.0.0.1'))
  stage.defer(() => socket.close())
  return () => bytes
}

describe('a doctor that listens', patience, () => {
  play('is no weapon', async ({ stage }) => {
    const heard = bytesAt(stage)
    const { listener, peerPort } = await listening(stage, '--max-rate', '4Mbit')
    const { socket, ask } = await call(peerPort)
    expect(await ask({ cmd: 'nonsense' })).toMatchObject({ cmd: 'error' })
    expect(await ask({ cmd: 'tally', round: 0 })).toMatchObject({ why: 'say hello first' })
    expect(await ask(helloOf(stage))).toMatchObject({ cmd: 'hello', run: 7, group: stage.group })
    expect(await ask(helloOf(stage))).toMatchObject({ cmd: 'error' })
    const most = { cmd: 'blast', round: 0, to: 'data', bytes: 1472, rateBps: 1e9, count: 200_000 }
    const begun = Date.now()
    const { sent } = await ask(most)
    expect(Date.now() - begun).toBeLessThan(LIMITS.doctorBlastMicrosMax / 1000 + 1500)
    expect(Number(sent) * 1472 * 8).toBeLessThanOrEqual(4e6 * (LIMITS.doctorBlastMicrosMax / 1e6))
    expect(heard()).toBeGreaterThan(0)
    const few = { ...most, bytes: 64, count: 1 }
    for (let i = 1; i < LIMITS.doctorRoundsMax; i++)
      expect(await ask({ ...few, round: i })).toMatchObject({ cmd: 'blast', sent: 1 })
    expect(await ask(few)).toMatchObject({ why: 'enough blasts' })
    for (let i = 0; i < LIMITS.doctorDialsMax; i++)
      expect(await ask({ cmd: 'dial', port: 9 })).toEqual({ cmd: 'dial', error: 'ECONNREFUSED' })
    expect(await ask({ cmd: 'dial', port: 9 })).toMatchObject({ why: 'enough calls' })
    socket.write('x'.repeat(100_000))
    expect(await ask('')).toMatchObject({ cmd: 'error' })
    expect(await listener.stop()).toBe(0)
  })

  play('serves one host at a time, and whoever calls again anew', async ({ stage }) => {
    const { listener, peerPort } = await listening(stage)
    const first = await call(peerPort)
    expect(await first.ask(helloOf(stage))).toMatchObject({ cmd: 'hello' })
    const other = await call(peerPort, '127.0.0.2')
    expect(await other.ask(helloOf(stage))).toMatchObject({ cmd: 'error' })
    const again = await call(peerPort)
    expect(await again.ask(helloOf(stage))).toMatchObject({ cmd: 'hello' })
    again.socket.destroy()
    await listener.until('conversation', event => event.state === 'over')
    for (let i = 0; i < 3; i++) (await call(peerPort)).socket.end('{"cmd":\n{"cmd":"blast"}\n')
    const last = await call(peerPort)
    expect(await last.ask({ cmd: 'pad', pad: '', want: 3 })).toEqual({ cmd: 'pad', pad: 'xxx' })
    expect(await listener.stop()).toBe(0)
  })
})
