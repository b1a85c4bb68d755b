// Two managers on one Redis are one register, whichever of the three is away.

import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { Redis } from '../../lab/redis.js'
import { skipUnless } from '../../lab/skip.js'
import { end, holds, notice, patience, play, type Stage } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'
import { call } from './caller.js'

function redisOf(stage: Stage): Redis {
  const redis = new Redis(stage.port + 15)
  stage.defer(() => void redis.kill())
  return redis
}

async function manage(stage: Stage, redis: Redis, index: number) {
  const port = String(stage.port + 8 + 2 * index)
  const state = join(stage.folder, `state${index}`)
  const args = ['--manager-port', port, '--state', state, '--store', redis.url]
  const started = stage.run(`manager ${index}`, ['manager', ...args])
  await started.until('listening')
  return { started, port: Number(port) }
}

async function peersAt(port: number, metaHash: string): Promise<number[]> {
  const { ask, socket } = await call(port)
  const answer = await ask(`${JSON.stringify({ cmd: 'request_peers', meta_hash: metaHash })}\n`)
  socket.destroy()
  return (answer.peers as { port: number }[]).map(peer => peer.port).sort()
}

async function register(port: number, metaHash: string, peer: number) {
  const { ask, socket } = await call(port)
  const line = { cmd: 'register', meta_hash: metaHash, port: peer }
  const { cookie } = await ask(`${JSON.stringify(line)}\n`)
  socket.destroy()
  return String(cookie)
}

async function readiness(port: number): Promise<{ ready: boolean; degraded: boolean }> {
  const answer = await fetch(`http://127.0.0.1:${port + 1}/readyz`)
  return (await answer.json()) as { ready: boolean; degraded: boolean }
}

/** Until it holds, for 20 s at most. */
async function eventually(holdsNow: () => Promise<void>): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return await holdsNow()
    } catch (error) {
      if (tries === 400) throw error
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
}

skipUnless(Redis.available())('two managers on one Redis', () => {
  describe('are one', patience, () => {
    play(
      'each knows whom the other was told of, also after Redis was killed',
      async ({ stage }) => {
        const redis = redisOf(stage)
        await redis.start()
        const [a, b] = [await manage(stage, redis, 0), await manage(stage, redis, 1)]
        await eventually(async () => expect((await readiness(b.port)).degraded).toBe(false))
        await eventually(async () => expect((await readiness(a.port)).degraded).toBe(false))
        const cookie = await register(a.port, 'x', 1)
        await register(b.port, 'x', 2)
        for (const { port } of [a, b])
          await eventually(async () => expect(await peersAt(port, 'x')).toEqual([1, 2]))
        // A cookie of the one counts at the other.
        const { ask, socket } = await call(b.port)
        const alive = JSON.stringify({ cmd: 'keepalive', meta_hash: 'x', cookie })
        expect(await ask(`${alive}\n`)).toMatchObject({ cmd: 'keepalive' })
        socket.destroy()

        const lost = [a, b].map(({ started }) => started.until('notice', notice('store-lost')))
        await redis.kill()
        await Promise.all(lost)
        expect(await readiness(a.port)).toMatchObject({ ready: true, degraded: true })
        await register(a.port, 'x', 3)
        expect(await peersAt(a.port, 'x')).toEqual([1, 2, 3])
        expect(await peersAt(b.port, 'x')).toEqual([1, 2])
        const found = [a, b].map(({ started }) => started.until('notice', notice('store-found')))
        await redis.start()
        await Promise.all(found)
        await eventually(async () => expect(await peersAt(b.port, 'x')).toEqual([1, 2, 3]))

        // A manager that comes new to it knows everybody.
        b.started.kill('SIGKILL')
        const c = await manage(stage, redis, 2)
        await eventually(async () => expect(await peersAt(c.port, 'x')).toEqual([1, 2, 3]))
        await redis.kill()
      },
    )

    play('a transfer through both outlives the one', async ({ stage }) => {
      const redis = redisOf(stage)
      await redis.start()
      const [a, b] = [await manage(stage, redis, 0), await manage(stage, redis, 1)]
      const file = await randomFile(join(stage.folder, 'x.bin'), 32 * mebibyte)
      const meta = await stage.meta(file, '--manager', `127.0.0.1:${a.port}`)
      const sender = stage.send([meta, '--no-multicast', '--forever'])
      const id = String((await sender.until('session')).id)
      await eventually(async () => expect(await peersAt(b.port, id)).toHaveLength(1))
      const receiver = stage.recv('r', [`mcp2p:${id}?m=127.0.0.1:${b.port}`, '--no-multicast'])
      await receiver.until('progress', holds(mebibyte))
      a.started.kill('SIGKILL')
      await end([receiver])
      await stage.expectSame(file, 'r')
      await sender.stop()
      await redis.kill()
    })
  })
})
