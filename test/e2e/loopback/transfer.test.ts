// The main job on one machine: a tree reaches several receivers, by multicast, and everything in it
// is as it was.

import { join } from 'node:path'
import { describe, expect } from 'vitest'
import type { ReceiveResult, SendResult } from '../../../src/engine/api.js'
import {
  blasted,
  end,
  eventsOf,
  holds,
  listening,
  notice,
  patience,
  play,
  resultOf,
  type Stage,
} from '../stage.js'
import { everyKind, mebibyte, randomFile } from '../tree.js'

/** Sends a meta of `file` to one receiver of that name, slowly enough to meet another session. */
async function sendTo(stage: Stage, name: string, file: string): Promise<void> {
  const meta = await stage.meta(file)
  const receiver = stage.recv(name, [meta])
  await listening(receiver)
  await end([stage.send([meta, '--wait-receivers', '1', '--rate', '30Mbit']), receiver])
  await stage.expectSame(file, name)
}

describe('a transfer', patience, () => {
  play('brings a tree of every kind of entry to two receivers', async ({ stage }) => {
    const source = await stage.make('source')
    await everyKind(source, 8 * mebibyte)
    const meta = await stage.meta(source)
    const receivers = ['a', 'b'].map(name => stage.recv(name, [meta]))
    const files = eventsOf(receivers[0], 'file')
    await Promise.all(receivers.map(listening))
    const sender = stage.send([meta, '--wait-receivers', '2'])
    await end([sender, ...receivers])
    await stage.expectSame(source, 'a', 'b')
    for (const each of receivers) {
      const wholeMillis = Number(each.last('complete')?.time) - sender.startedMillis
      // Not from the start of a receiver that waited for somebody to send.
      expect(resultOf<ReceiveResult>(each).seconds).toBeLessThan(wholeMillis / 1000)
    }

    const sent = resultOf<SendResult>(sender)
    expect(sent.complete).toBe(true)
    expect(sent.receivers.map(row => row.state)).toEqual(['complete', 'complete'])
    for (const each of receivers) {
      const { totalBytes, multicastBytes, peerBytes, seederBytes } = resultOf<ReceiveResult>(each)
      expect(multicastBytes + peerBytes + seederBytes).toBe(totalBytes)
      expect(multicastBytes).toBeGreaterThan(totalBytes / 2)
    }
    // Entries without content have nothing to wait for; every other one is told once.
    expect(files.length).toBe(10)
    expect(new Set(files.map(file => file.path)).size).toBe(10)
  })

  play('is found without an argument: the first session is taken and named', async ({ stage }) => {
    const file = await randomFile(join(stage.folder, 'holiday.bin'), 8 * mebibyte)
    const receiver = stage.recv('a', [])
    const sender = stage.send([file, '--name', 'our holiday', '--wait-receivers', '1'])
    const offered = await sender.until('session')
    const found = await receiver.until('session')
    expect(found).toMatchObject({ name: 'our holiday', id: offered.id, totalBytes: 8 * mebibyte })
    await end([sender, receiver])
    await stage.expectSame(file, 'a')
  })

  play(
    'that was taken and is given up leaves whoever took it aware of others',
    async ({ stage }) => {
      const files = ['x.bin', 'y.bin'].map(name =>
        randomFile(join(stage.folder, name), 8 * mebibyte),
      )
      const [first, second] = await Promise.all(files)
      const receiver = stage.recv('a', [])
      const sender = stage.send([first, '--wait-receivers', '1', '--rate', '5Mbit'])
      await receiver.until('progress', holds(100_000))
      sender.kill('SIGKILL')
      const other = stage.send([second, '--name', 'another one', '--wait-receivers', '1'])
      const { id } = await other.until('session')
      const { message, hint } = await receiver.until('notice', notice('another'))
      expect(message).toContain('another one')
      expect(hint).toContain(`mcp2p recv ${id}`)
      // Back again, it is still served.
      await end([stage.send([first, '--wait-receivers', '1']), receiver])
      await stage.expectSame(first, 'a')
    },
  )

  play('is right twice at once on one group and port', async ({ stage }) => {
    const files = ['one/same.bin', 'two/same.bin'].map(path => join(stage.folder, path))
    for (const file of files) await randomFile(file, 10 * mebibyte)
    await Promise.all([sendTo(stage, 'a', files[0]), sendTo(stage, 'b', files[1])])
  })

  play('takes the next free peer port when its own is taken, and says so', async ({ stage }) => {
    const file = await randomFile(join(stage.folder, 'x.bin'), mebibyte)
    const [first, second] = [stage.send([file]), stage.send([file])]
    const ports = await Promise.all(
      [first, second].map(async each => Number((await each.until('listening')).peerPort)),
    )
    expect(new Set(ports)).toEqual(new Set([stage.peerPort, stage.peerPort + 1]))
    const other = ports[0] === stage.peerPort ? second : first
    const { message } = await other.until('notice', notice('peer-port-taken'))
    expect(message).toContain(String(stage.peerPort))
    expect(message).toContain(String(stage.peerPort + 1))
  })

  play('is whole for one that loses datagrams and for one that comes late', async ({ stage }) => {
    const file = await randomFile(join(stage.folder, 'x.bin'), 20 * mebibyte)
    const meta = await stage.meta(file)
    const early = stage.recv('early', [meta], { env: { MCP2P_TEST_LOSS: '0.03' } })
    await listening(early)
    const sender = stage.send([meta, '--wait-receivers', '1', '--rate', '30Mbit', '--forever'])
    await sender.until('progress', blasted(0.2))
    const late = stage.recv('late', [])
    await end([early, late])
    await stage.expectSame(file, 'early', 'late')
    expect(resultOf<ReceiveResult>(late).multicastBytes).toBeGreaterThan(0)
    expect(Number(sender.last('progress')?.pass)).toBe(1)
    await sender.stop()
  })
})
