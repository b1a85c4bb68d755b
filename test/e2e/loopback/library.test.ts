// The compiled package as a program uses it: two jobs in one process, typed events, and an
// AbortSignal that keeps what came.

import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, onTestFinished } from 'vitest'
import { repositoryRoot } from '../../lab/root.js'
import { patience, play, type Stage } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'

type Mcp2p = typeof import('../../../src/index.js')

const packageFile = pathToFileURL(join(repositoryRoot, 'dist/src/index.js')).href
const { createMeta, Mcp2pError, parseLink, receive, send, verify }: Mcp2p = await import(
  packageFile
)

/** What keeps a job on this stage, and ends it with the test. */
function networkOf({ group, port, peerPort }: Stage) {
  const over = new AbortController()
  onTestFinished(() => over.abort())
  const own = { group, port, peerPort, interface: '127.0.0.1', progressEveryMillis: 50 }
  return { ...own, signal: over.signal }
}

describe('the library', patience, () => {
  play('makes a meta, sends, receives and verifies', async ({ stage }) => {
    const network = networkOf(stage)
    const file = await randomFile(join(stage.folder, 'x.bin'), 4 * mebibyte)
    const { bytes: meta, id, totalBytes } = await createMeta([file], { name: 'four' }).done
    const out = stage.out('a')
    const receiver = receive({ meta }, { ...network, out, peerPort: stage.peerPort + 4 })
    const seen = { verifiedBytes: 0, sessions: [] as string[], files: [] as string[], complete: 0 }
    receiver.on('session', session => seen.sessions.push(`${session.name} ${session.id}`))
    receiver.on('verified', event => {
      seen.verifiedBytes += event.bytes
    })
    receiver.on('file', event => seen.files.push(event.path))
    receiver.on('complete', () => seen.complete++)
    const sender = send({ meta }, { ...network, root: stage.folder, waitReceivers: 1 })
    const links: string[] = []
    sender.on('session', ({ link }) => links.push(link))
    const [sent, received] = await Promise.all([sender.done, receiver.done])
    expect(sent).toMatchObject({ id, complete: true, passes: 1 })
    expect(received).toMatchObject({ id, name: 'four', totalBytes, files: 1, out })
    expect(seen).toEqual({
      verifiedBytes: totalBytes,
      sessions: [`four ${id}`],
      files: ['x.bin'],
      complete: 1,
    })
    expect(parseLink(links[0])).toMatchObject({ id, name: 'four' })
    await stage.expectSame(file, 'a')
    expect(await verify(meta, out).done).toMatchObject({ missing: [], wrong: [], extra: [] })
  })

  play('stops at a signal, and goes on from there', async ({ stage }) => {
    const network = networkOf(stage)
    const file = await randomFile(join(stage.folder, 'x.bin'), 12 * mebibyte)
    const { bytes: meta } = await createMeta([file]).done
    const stop = new AbortController()
    const options = { ...network, root: stage.folder, rateBps: 40e6, waitReceivers: 1 }
    const sender = send({ meta }, { ...options, forever: true, signal: stop.signal })
    const pause = new AbortController()
    const out = stage.out('a')
    const first = receive({ meta }, { ...network, out, signal: pause.signal })
    first.on('progress', ({ verifiedBytes }) => {
      if (verifiedBytes > 3 * mebibyte) pause.abort()
    })
    await expect(first.done).rejects.toMatchObject({ exit: 'interrupted' })
    await expect(first.done).rejects.toBeInstanceOf(Mcp2pError)
    const second = await receive({ meta }, { ...network, out }).done
    expect(second.resumedBytes).toBeGreaterThan(3 * mebibyte)
    await stage.expectSame(file, 'a')
    stop.abort()
    await expect(sender.done).rejects.toMatchObject({ exit: 'interrupted' })
    await expect(receive({}, { ...network, signal: stop.signal }).done).rejects.toMatchObject({
      exit: 'interrupted',
    })
  })
})
