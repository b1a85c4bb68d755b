// The sender's own swarm manager, as somebody with `nc` meets it on the peer port.

import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { call } from '../manager/caller.js'
import { end, patience, play, type Stage } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'

async function sending(stage: Stage) {
  const file = await randomFile(join(stage.folder, 'x.bin'), 2 * mebibyte)
  const sender = stage.send([file, '--wait-receivers', '1'])
  const peerPort = Number((await sender.until('listening')).peerPort)
  const id = String((await sender.until('session')).id)
  return { file, sender, peerPort, id }
}

describe('the manager on the peer port', patience, () => {
  play('registers and introduces, with blanks before the brace', async ({ stage }) => {
    const { peerPort, id } = await sending(stage)
    const { socket, ask } = await call(peerPort)
    const own = { host: '127.0.0.1', port: peerPort }
    const request = `{"cmd":"request_peers","meta_hash":"${id}"}\n`
    expect(await ask(` \r\n\t ${request}`)).toEqual({ cmd: 'peers', meta_hash: id, peers: [own] })
    const registered = await ask(`{"cmd":"register","meta_hash":"${id}","port":9}\n`)
    expect(registered).toMatchObject({ cmd: 'registered', meta_hash: id, ttl: 30 })
    expect(registered.cookie).toMatch(/./)
    const both = { cmd: 'peers', meta_hash: id, peers: [own, { host: '127.0.0.1', port: 9 }] }
    expect(await ask(request)).toEqual(both)
    expect(await ask('{"cmd":"request_peers","meta_hash":"another"}\n')).toMatchObject({
      peers: [],
    })
    socket.destroy()
    // An entry outlives its connection.
    const next = await call(peerPort)
    expect(await next.ask(request)).toEqual(both)
    next.socket.destroy()
  })

  play('answers nonsense with an error, and goes on with its work', async ({ stage }) => {
    const { file, sender, peerPort, id } = await sending(stage)
    const { socket, ask } = await call(peerPort)
    expect(await ask('{"cmd":"dance"}\n')).toMatchObject({ cmd: 'error', code: 'unknown_cmd' })
    expect(await ask('{nonsense\n')).toMatchObject({ cmd: 'error', code: 'bad_json' })
    const request = `{"cmd":"request_peers","meta_hash":"${id}"}\n`
    expect(await ask(request)).toMatchObject({ cmd: 'peers' })
    const closed = new Promise(resolve => socket.once('close', resolve))
    const line = `{"cmd":"${'x'.repeat(70_000)}`
    expect(await ask(line)).toMatchObject({ cmd: 'error', code: 'line_too_long' })
    await closed
    const strangers = await Promise.all([call(peerPort), call(peerPort)])
    strangers[0].socket.end('GET / HTTP/1.1\r\n\r\n')
    await end([sender, stage.recv('a', [id])])
    await stage.expectSame(file, 'a')
    for (const each of strangers) each.socket.destroy()
  })

  play('is a --peer to a receiver that knows only the id', async ({ stage }) => {
    const { file, sender, peerPort, id } = await sending(stage)
    const receiver = stage.recv('a', [id, '--no-multicast', '--peer', `127.0.0.1:${peerPort}`])
    await end([sender, receiver])
    await stage.expectSame(file, 'a')
  })
})
