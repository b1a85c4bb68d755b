// A manager as somebody with `nc`, a browser or bad intentions meets it.

import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect } from 'vitest'
import { patience, play, type Stage } from '../stage.js'
import { call } from './caller.js'

async function manage(stage: Stage, ...args: string[]): Promise<number> {
  const port = stage.port + 12
  const state = join(stage.folder, 'state')
  const own = ['manager', '--manager-port', String(port), '--state', state, ...args]
  await stage.run('manager', own).until('listening')
  return port
}

const say = (cmd: string, rest: object = {}) =>
  `${JSON.stringify({ cmd, meta_hash: 'x', ...rest })}\n`

/** A reset is an end, too. */
function closed(socket: Socket): Promise<void> {
  socket.on('error', () => {})
  return new Promise(resolve => socket.once('close', () => resolve()))
}

describe('a manager', patience, () => {
  play('is spoken to by hand, blanks and mistakes included', async ({ stage }) => {
    const port = await manage(stage)
    const first = await call(port)
    const request = '{ "cmd": "request_peers", "meta_hash": "hash" }\n'
    const nobody = { meta_hash: 'hash', cmd: 'peers', peers: [] }
    expect(await first.ask(request)).toEqual(nobody)
    const second = await call(port)
    const register = '\n { "cmd": "register", "meta_hash": "hash", "port": 9990 }\r\n'
    expect(await second.ask(register)).toMatchObject({ cmd: 'registered', ttl: 30 })
    const peers = [{ host: '127.0.0.1', port: 9990 }]
    expect(await first.ask(request)).toEqual({ ...nobody, peers })
    const broken = '{ "cmd": "request_peers", "meta_hash": "hash", "port": 9990 ]}\n'
    expect(await second.ask(broken)).toMatchObject({ cmd: 'error', code: 'bad_json' })
    expect(await second.ask(request)).toEqual({ ...nobody, peers })
    for (const each of [first, second]) each.socket.destroy()
  })

  play('tells who waits, proves other addresses, and speaks IPv6', async ({ stage }) => {
    const port = await manage(stage)
    const waiting = await call(port, '::1')
    expect(await waiting.ask(say('request_peers', { watch: true }))).toMatchObject({ watch: true })
    const other = await call(port, '::1')
    const start = performance.now()
    await other.ask(say('register', { port: 7 }))
    expect(await waiting.next()).toMatchObject({ cmd: 'peers', peers: [{ host: '::1', port: 7 }] })
    expect(performance.now() - start).toBeLessThan(2000)
    // From ::1, an address of IPv4 has to show that it is the same host.
    const door = createServer().listen(0, '127.0.0.1')
    await once(door, 'listening')
    const knocked = once(door, 'connection')
    const { port: peer } = door.address() as { port: number }
    const claim = say('register', { port: peer, host: '127.0.0.1' })
    expect(await other.ask(claim)).toMatchObject({ cmd: 'confirm', host: '127.0.0.1' })
    const [visitor] = await knocked
    const [line] = await once(createInterface({ input: visitor }), 'line')
    expect(await other.ask(`${line}\n`)).toMatchObject({ cmd: 'registered' })
    const news = await waiting.next()
    expect(news.peers).toEqual([{ host: '127.0.0.1', port: peer }])
    door.close()
    for (const each of [waiting, other]) each.socket.destroy()
  })

  play('answers others while some flood it, drip, or send what is endless', async ({ stage }) => {
    const port = await manage(stage)
    const good = await call(port)
    await good.ask(say('register', { port: 1 }))
    const flood = await Promise.all([2, 3, 4].map(i => call(port, '127.0.0.1', `127.0.0.${i}`)))
    const lines = Array.from({ length: 20_000 }, (_, i) =>
      say('register', { port: 1 + (i % 60_000) }),
    )
    for (const { socket } of flood) socket.on('error', () => {}).write(lines.join(''))
    const endless = await call(port, '127.0.0.1', '127.0.0.5')
    const ended = closed(endless.socket)
    endless.socket.write('x'.repeat(200_000))
    const drip = await call(port, '127.0.0.1', '127.0.0.6')
    const dripped = closed(drip.socket)
    drip.socket.write('{"cmd":')
    const waits: number[] = []
    for (let i = 0; i < 100; i++) {
      const start = performance.now()
      expect(await good.ask(say('request_peers'))).toMatchObject({ cmd: 'peers' })
      waits.push(performance.now() - start)
    }
    // Without its turn it would wait for all of the 60,000.
    expect(waits.sort((a, b) => a - b)[50]).toBeLessThan(200)
    await ended
    await dripped
    expect(await good.ask(say('list'))).toMatchObject({ cmd: 'list' })
    for (const each of [good, ...flood]) each.socket.destroy()
  })

  play('shows operators what it has, and strangers nothing', async ({ stage }) => {
    const port = await manage(stage)
    const web = `http://127.0.0.1:${port + 1}`
    const stream = (await fetch(`${web}/api/v1/events`)).body!.getReader()
    const peer = await call(port)
    const { cookie } = await peer.ask(say('register', { port: 7, location: 'dc/rack' }))
    await peer.ask(say('progress', { cookie, verified_bytes: 5, total_bytes: 10 }))
    const json = async (path: string, init?: RequestInit) => {
      const answer = await fetch(web + path, init)
      return [answer.status, (await answer.json()) as { paths: object }] as const
    }
    const swarm = { metaHash: 'x', peers: 1, complete: 0, verifiedBytes: 5, totalBytes: 10 }
    expect(await json('/api/v1/swarms')).toEqual([200, { total: 1, swarms: [swarm] }])
    const fields = { host: '127.0.0.1', port: 7, location: 'dc/rack' }
    const peers = [{ ...fields, verifiedBytes: 5, totalBytes: 10 }]
    expect(await json('/api/v1/swarms/x/peers')).toEqual([200, { total: 1, peers }])
    expect(await json('/api/v1/swarms/x/progress')).toEqual([200, { ...swarm, fraction: 0.5 }])
    expect((await json('/api/v1/swarms/y'))[0]).toBe(404)
    expect((await json('/api/v1/swarms?limit=x'))[0]).toBe(400)
    expect(await (await fetch(`${web}/metrics`)).text()).toMatch(/^mcp2p_manager_peers 1$/m)
    const [, document] = await json('/api/v1/openapi.json')
    expect(Object.keys(document.paths)).toContain('/api/v1/swarms/{id}/progress')
    const origin = { headers: { origin: 'http://a.example' } }
    expect((await json('/api/v1/swarms', origin))[0]).toBe(403)
    expect((await json('/api/v1/swarms', { method: 'POST' }))[0]).toBe(405)
    let events = ''
    while (!events.includes('"peers":1')) {
      const { value } = await stream.read()
      events += Buffer.from(value!).toString()
    }
    expect(events).toContain('event: swarm\n')
    await stream.cancel()
    peer.socket.destroy()
  })
})
