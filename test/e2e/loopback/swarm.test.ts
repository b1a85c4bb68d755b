// Without multicast: the swarm alone does it, and a line says so. And with nobody to be heard at
// all: a line that says what to pass.

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import type { ReceiveResult } from '../../../src/engine/api.js'
import { end, eventsOf, notice, patience, play, resultOf } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'

describe('a pure swarm', patience, () => {
  play('works from a --peer and from a link, and shares', async ({ stage }) => {
    const file = await randomFile(join(stage.folder, 'x.bin'), 8 * mebibyte)
    const meta = await stage.meta(file)
    const sender = stage.send([meta, '--no-multicast', '--wait-receivers', '2'])
    const { link } = await sender.until('session')
    const { peerPort } = await sender.until('listening')
    expect(link).toContain(`m=127.0.0.1:${peerPort}`)
    const byPeer = stage.recv('a', [meta, '--no-multicast', '--peer', `127.0.0.1:${peerPort}`])
    const byLink = stage.recv('b', [String(link), '--no-multicast'])
    for (const each of [byPeer, byLink]) {
      const { message } = await each.until('notice', notice('swarm-only'))
      expect(message).toContain('multicast is switched off')
    }
    await end([sender, byPeer, byLink])
    await stage.expectSame(file, 'a', 'b')
    for (const each of [byPeer, byLink]) {
      const { multicastBytes, peerBytes, seederBytes } = resultOf<ReceiveResult>(each)
      expect(multicastBytes).toBe(0)
      expect(peerBytes + seederBytes).toBe(8 * mebibyte)
    }
  })

  play(
    'takes what the one who was named sends, without an id or by its first digits',
    async ({ stage }) => {
      const file = await randomFile(join(stage.folder, 'x.bin'), mebibyte)
      const sender = stage.send([file, '--no-multicast', '--wait-receivers', '2'])
      const { id } = await sender.until('session')
      const { peerPort } = await sender.until('listening')
      const named = ['--no-multicast', '--peer', `127.0.0.1:${peerPort}`]
      const byPeer = stage.recv('a', named)
      const byDigits = stage.recv('b', [String(id).slice(0, 8), ...named])
      await end([sender, byPeer, byDigits])
      await stage.expectSame(file, 'a', 'b')
    },
  )

  play('needs no more than a meta that names who has it, and only once', async ({ stage }) => {
    const file = await randomFile(join(stage.folder, 'x.bin'), mebibyte)
    // The receiver is here first and takes the port before.
    const named = `127.0.0.1:${stage.peerPort + 1}`
    const meta = await stage.meta(file, '--manager', named)
    // Before the sender is there: it is waited for.
    const receiver = stage.recv('a', [meta, '--no-multicast'])
    await receiver.until('session')
    const sender = stage.send([meta, '--no-multicast', '--wait-receivers', '1'])
    const { link } = await sender.until('session')
    expect(String(link).split('m=')).toEqual([expect.any(String), `${named}&n=x.bin`])
    await end([sender, receiver])
    await stage.expectSame(file, 'a')
  })

  play('asks a named sender as soon as it is there, and says one thing once', async ({ stage }) => {
    const file = await randomFile(join(stage.folder, 'x.bin'), mebibyte)
    const id = JSON.parse(await readFile(await stage.meta(file), 'utf8')).id
    const link = `mcp2p:${id}?m=127.0.0.1:${stage.peerPort}`
    const receiver = stage.recv('a', [link, '--no-multicast'])
    const notices = eventsOf(receiver, 'notice')
    await receiver.until('notice', notice('manager-lost'))
    // Somebody else is there first.
    const other = await randomFile(join(stage.folder, 'y.bin'), mebibyte)
    const wrong = stage.send([other, '--no-multicast', '--forever'])
    const { message } = await receiver.until('notice', notice('no-meta'))
    expect(message).toContain('another transfer')
    wrong.kill('SIGKILL')
    await wrong.exited
    const sender = stage.send([file, '--no-multicast', '--wait-receivers', '1'])
    await end([sender, receiver])
    await stage.expectSame(file, 'a')
    expect(notices.filter(notice('no-meta'))).toHaveLength(1)
  })

  play('is not mentioned where there is nothing to fetch', async ({ stage }) => {
    const file = join(stage.folder, 'empty')
    await writeFile(file, '')
    const sender = stage.send([file, '--wait-receivers', '1'])
    await sender.until('listening')
    const receiver = stage.recv('a', [])
    const notices = eventsOf(receiver, 'notice')
    await end([sender, receiver])
    await stage.expectSame(file, 'a')
    expect(notices).toEqual([])
  })

  play('finds a sender that blasts, without hearing it', async ({ stage }) => {
    const file = await randomFile(join(stage.folder, 'x.bin'), 8 * mebibyte)
    const sender = stage.send([file, '--wait-receivers', '1'])
    const { link } = await sender.until('session')
    await end([sender, stage.recv('a', [String(link), '--no-multicast'])])
    await stage.expectSame(file, 'a')
  })
})

describe('a receiver that hears nobody', patience, () => {
  play('says after 5 s what to pass, and goes on listening', async ({ stage }) => {
    const file = await randomFile(join(stage.folder, 'x.bin'), mebibyte)
    const meta = await stage.meta(file)
    const receivers = [stage.recv('a', []), stage.recv('b', [meta])]
    for (const each of receivers) {
      const { message, hint } = await each.until('notice', notice('no-announcement'))
      expect(message).toContain(`${stage.group} port ${stage.port}`)
      expect(hint).toMatch(/link.*--peer HOST:PORT/)
    }
    await end([stage.send([meta, '--wait-receivers', '2']), ...receivers])
    await stage.expectSame(file, 'a', 'b')
  })

  play('is told at once when it may not even listen', async ({ stage }) => {
    const receiver = stage.recv('a', ['--no-multicast'])
    await end([receiver], 4)
    expect(receiver.last('error')?.hint).toMatch(/--peer HOST:PORT/)
  })
})
