// Transfers that know nothing but a manager, and a manager that dies before, during and after them.

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import type { CliProcess } from '../../lab/cli.js'
import { end, eventsOf, holds, notice, patience, play, type Stage } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'
import { call } from './caller.js'

const swarmOnly = ['--no-multicast']

/** The last of the stage's ports are the manager's. */
async function manage(stage: Stage, ...args: string[]): Promise<CliProcess> {
  const started = stage.run('manager', [
    'manager',
    '--manager-port',
    String(portOf(stage)),
    '--state',
    join(stage.folder, 'state'),
    ...args,
  ])
  await started.until('listening')
  return started
}

const portOf = (stage: Stage) => stage.port + 14

async function offered(stage: Stage, bytes: number) {
  const file = await randomFile(join(stage.folder, 'x.bin'), bytes)
  const manager = `127.0.0.1:${portOf(stage)}`
  const meta = await stage.meta(file, '--manager', manager)
  const id = JSON.parse(await readFile(meta, 'utf8')).id
  return { file, meta, id, link: `mcp2p:${id}?m=${manager}` }
}

describe('a transfer through a manager', patience, () => {
  play('a link with its address needs nothing else', async ({ stage }) => {
    const manager = await manage(stage)
    const { file, meta, id, link } = await offered(stage, 2 * mebibyte)
    const sender = stage.send([meta, '--wait-receivers', '2', ...swarmOnly])
    await end([
      sender,
      stage.recv('a', [link, ...swarmOnly]),
      stage.recv('b', [link, ...swarmOnly]),
    ])
    await stage.expectSame(file, 'a', 'b')
    expect(await readdir(join(stage.folder, 'state/metas'))).toEqual([`${id}.p2pmeta`])
    // Everybody has said goodbye.
    const { ask, socket } = await call(portOf(stage))
    expect(await ask('{"cmd":"list"}\n')).toEqual({ cmd: 'list', swarms: [] })
    socket.destroy()
    expect(await manager.stop()).toBe(0)
  })

  play('one that was killed knows its peers and metas again', async ({ stage }) => {
    const first = await manage(stage)
    const { file, meta, link } = await offered(stage, mebibyte)
    const sender = stage.send([meta, '--forever', ...swarmOnly])
    const { ask, socket } = await call(portOf(stage))
    const registered = await ask('{"cmd":"register","meta_hash":"other","port":7}\n')
    await end([stage.recv('a', [link, ...swarmOnly])])
    socket.destroy()
    first.kill('SIGKILL')
    await first.exited
    const second = await manage(stage)
    expect(second.last('listening')?.knownPeers).toBe(2)
    const again = await call(portOf(stage))
    const { cookie } = registered
    const alive = JSON.stringify({ cmd: 'keepalive', meta_hash: 'other', cookie })
    expect(await again.ask(`${alive}\n`)).toMatchObject({ cmd: 'keepalive', ttl: 30 })
    again.socket.destroy()
    await end([stage.recv('b', [link, ...swarmOnly])])
    await stage.expectSame(file, 'a', 'b')
    expect(await sender.stop()).toBe(5)
    await second.stop()
  })

  play('one that dies stops nothing that runs, and is found when it is back', async ({ stage }) => {
    const first = await manage(stage)
    const { file, meta, link } = await offered(stage, 48 * mebibyte)
    const sender = stage.send([meta, '--forever', ...swarmOnly])
    const a = stage.recv('a', [link, ...swarmOnly])
    // It may be faster than that, and end without a word.
    const lost = a.until('notice', notice('manager-lost')).catch(() => {})
    await a.until('progress', holds(mebibyte))
    first.kill('SIGKILL')
    await end([a])
    await stage.expectSame(file, 'a')
    await lost
    // Who has no peers waits, says so, and goes on when it is back.
    const b = stage.recv('b', [link, ...swarmOnly])
    const notices = eventsOf(b, 'notice')
    await b.until('notice', notice('manager-lost'))
    expect(b.running).toBe(true)
    const found = sender.until('notice', notice('manager-found'))
    const second = await manage(stage)
    await end([b])
    await found
    await stage.expectSame(file, 'b')
    expect(notices.map(({ message }) => message).join()).toContain(String(portOf(stage)))
    await sender.stop()
    await second.stop()
  })

  play(
    'one that comes last is found by all, and one that is gone keeps nobody who is done',
    async ({ stage }) => {
      const { file, meta, link } = await offered(stage, 2 * mebibyte)
      const sender = stage.send([meta, '--forever', ...swarmOnly])
      const receivers = ['a', 'b'].map(name => stage.recv(name, [link, '--stay', ...swarmOnly]))
      await sender.until('notice', notice('manager-lost'))
      expect(receivers.every(each => each.running)).toBe(true)
      const manager = await manage(stage)
      await Promise.all(receivers.map(each => each.until('complete')))
      manager.kill('SIGKILL')
      await manager.exited
      const start = performance.now()
      for (const each of [...receivers, sender]) expect(await each.stop()).toBe(5)
      expect(performance.now() - start).toBeLessThan(10_000)
      await stage.expectSame(file, 'a', 'b')
    },
  )
})
