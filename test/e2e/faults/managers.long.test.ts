// Two managers on one Redis: each is killed and started again in turn, Redis is away for 31 s, longer
// than an entry lives, and whoever comes finds whom it needs, at either of them, at any time.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { CliProcess } from '../../lab/cli.js'
import { Redis } from '../../lab/redis.js'
import { skipUnless } from '../../lab/skip.js'
import { call } from '../manager/caller.js'
import { end, play, type Stage } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'

const storyMillis = 75_000
const awayMillis = 31_000
const wait = (millis: number) => new Promise(resolve => setTimeout(resolve, millis))

/** One that is killed, and back soon. */
class Mortal {
  readonly port: number
  readonly #start: () => CliProcess
  #now: CliProcess | undefined
  #upAt = Number.POSITIVE_INFINITY

  constructor(stage: Stage, redis: Redis, index: number) {
    this.port = stage.port + 8 + 2 * index
    const state = join(stage.folder, `state${index}`)
    const args = ['--manager-port', String(this.port), '--state', state, '--store', redis.url]
    this.#start = () => stage.run(`manager ${index}`, ['manager', ...args])
  }

  async live(): Promise<void> {
    this.#now = this.#start()
    await this.#now.until('listening')
    this.#upAt = performance.now()
  }

  async die(): Promise<void> {
    this.#upAt = Number.POSITIVE_INFINITY
    this.#now?.kill('SIGKILL')
    await this.#now?.exited
  }

  /** The ports of whom it knows; undefined while it is away, or just then ends. */
  async known(metaHash: string): Promise<number[] | undefined> {
    const since = this.#upAt
    if (performance.now() - since < 1000) return undefined
    try {
      const { ask, socket } = await call(this.port)
      const answer = await ask(`${JSON.stringify({ cmd: 'request_peers', meta_hash: metaHash })}\n`)
      socket.destroy()
      return (answer.peers as { port: number }[]).map(({ port }) => port)
    } catch (error) {
      if (this.#upAt === since) throw error
      return undefined
    }
  }
}

skipUnless(Redis.available())('two managers on one Redis', { timeout: 5 * 60_000 }, () => {
  play('are killed in turn while Redis is away, and nobody notices', async ({ stage }) => {
    const redis = new Redis(stage.port + 15)
    stage.defer(() => void redis.kill())
    await redis.start()
    const both = [new Mortal(stage, redis, 0), new Mortal(stage, redis, 1)]
    await Promise.all(both.map(each => each.live()))
    const file = await randomFile(join(stage.folder, 'x.bin'), 8 * mebibyte)
    // The sender knows the first only.
    const meta = await stage.meta(file, '--manager', `127.0.0.1:${both[0].port}`)
    const { id } = JSON.parse(await readFile(meta, 'utf8'))
    const sender = stage.send([meta, '--no-multicast', '--forever'])
    await wait(3000)
    const over = performance.now() + storyMillis
    const goesOn = () => performance.now() < over

    const killing = async () => {
      for (let i = 0; goesOn(); i++) {
        await wait(4000)
        await both[i % 2].die()
        await wait(1500)
        await both[i % 2].live()
      }
    }
    const starving = async () => {
      await wait(10_000)
      await redis.kill()
      await wait(awayMillis)
      await redis.start()
    }
    let asked = 0
    const asking = async () => {
      while (goesOn()) {
        for (const [i, each] of both.entries()) {
          const ports = await each.known(id)
          if (ports === undefined) continue
          asked++
          expect(ports, `manager ${i}`).toContain(stage.peerPort)
        }
        await wait(200)
      }
    }
    const names: string[] = []
    const coming = async () => {
      for (let i = 0; goesOn(); i++) {
        names.push(`r${i}`)
        const link = `mcp2p:${id}?m=127.0.0.1:${both[i % 2].port}`
        await Promise.all([end([stage.recv(`r${i}`, [link, '--no-multicast'])]), wait(3000)])
      }
    }
    await Promise.all([killing(), starving(), asking(), coming()])
    await stage.expectSame(file, ...names)
    expect(asked).toBeGreaterThan(100)
    expect(names.length).toBeGreaterThan(8)
    expect(await sender.stop()).toBe(5)
    await redis.kill()
  })
})
