// Metas from strangers: over TCP and by multicast they are refused in the same words and with the
// same exits as from a file, and nothing is written. Whoever lies about a transfer stops nobody.

import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished } from 'vitest'
import { base64Of, hexOf, utf8 } from '../../../src/core/base/bytes.js'
import { EXIT, type ExitName, type Mcp2pError } from '../../../src/core/base/errors.js'
import { LIMITS } from '../../../src/core/base/limits.js'
import { canonicalOf } from '../../../src/core/meta/canonical.js'
import { type Announce, encodeAnnounce } from '../../../src/core/wire/announce.js'
import {
  DATAGRAM,
  emptyHeader,
  HEADER_BYTES,
  writeHeader,
} from '../../../src/core/wire/datagram.js'
import type { Message } from '../../../src/core/wire/message.js'
import { createMeta } from '../../../src/engine/create-meta.js'
import { receive } from '../../../src/engine/receive.js'
import { send } from '../../../src/engine/send.js'
import { sha256 } from '../../../src/io/disk/hasher.js'
import { Backlog } from '../../../src/io/net/backlog.js'
import { Conn } from '../../../src/io/net/conn.js'
import { openOutlet } from '../../../src/io/net/sockets.js'
import { PeerPort } from '../../../src/io/net/tcp.js'
import { end, patience, play, type Stage } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'

const loopback = '127.0.0.1'
const root = base64Of(new Uint8Array(32).fill(5))
/** The same 32 bytes, in a text that no encoder writes. */
const loose = `${root.slice(0, -2)}V=`
const file = { path: 'a', size: 1, mode: 0o644, mtime: 1_700_000_000_123, root }
const bare = { ...file, size: 0, root: undefined }
const at = (...paths: string[]) => ({ files: paths.map(path => ({ ...file, path })) })
const chunks = base64Of(new Uint8Array(64))

const hostile: readonly [what: string, change: object, exit: ExitName][] = [
  ['a path that climbs', at('../outside'), 'integrity'],
  ['a path that climbs later', at('a/../../outside'), 'integrity'],
  ['an absolute path', at('/outside'), 'integrity'],
  ['a drive', at('C:/outside'), 'integrity'],
  ['a UNC path', at('\\\\host\\outside'), 'integrity'],
  ['a NUL', at('a\0b'), 'integrity'],
  ['a device of Windows', at('sub/NUL.txt'), 'integrity'],
  ['writing turned around', at('a\u202etxt.exe'), 'integrity'],
  ['one path twice', at('a', 'a'), 'integrity'],
  ['paths that differ by case', at('A', 'a'), 'integrity'],
  ['paths that differ by NFC and NFD', at('u\u0308', '\u00fc'), 'integrity'],
  ['paths that differ by what nobody sees', at('ab', 'a\u200bb'), 'integrity'],
  ['a drive further down', at('sub/C:/outside'), 'integrity'],
  ['a root with bits left over', { files: [{ ...file, root: loose }] }, 'integrity'],
  ['a file that is a folder too', at('a', 'a/b'), 'integrity'],
  ['our own folder', at('.mcp2p-01234567/0.part'), 'integrity'],
  ['a link out of the tree', { files: [{ ...bare, link: '../../etc' }] }, 'integrity'],
  ['a negative size', { files: [{ ...file, size: -1 }] }, 'integrity'],
  ['a size of 2^53', { files: [{ ...file, size: 2 ** 53 }] }, 'integrity'],
  ['a size without its chunks', { files: [{ ...file, size: 2 ** 52 }] }, 'integrity'],
  ['chunks that are not the root', { files: [{ ...file, size: 20_000, chunks }] }, 'integrity'],
  ['no chunk size', { chunkSize: 0 }, 'integrity'],
  ['an odd chunk size', { chunkSize: 16_385 }, 'integrity'],
  ['a version of the future', { version: 2 }, 'incompatible'],
  ['a hash of the future', { hash: 'sha3' }, 'incompatible'],
  ['a feature of the future', { requires: ['erasure'] }, 'incompatible'],
]

interface Document {
  readonly id: string
  readonly bytes: Uint8Array
}

/** A meta with this change and the id that belongs to it, as its author would make it. */
function signed(change: object): Document {
  const sound = {
    version: 1,
    hash: 'sha256',
    name: 'x',
    managers: [],
    chunkSize: 16_384,
    files: [file],
  }
  const document = JSON.parse(JSON.stringify({ ...sound, ...change }))
  const id = hexOf(sha256(canonicalOf(document).bytes))
  return { id, bytes: utf8(JSON.stringify({ ...document, id })) }
}

/** A peer that gives these bytes to whoever asks for the meta. Resolves with its address. */
async function giver(stage: Stage, { id, bytes }: Document): Promise<string> {
  const port = await PeerPort.open({
    port: stage.peerPort + 8,
    host: loopback,
    onPeer: (socket, first) => {
      const onMessage = (message: Message): void => {
        const node = '0123456789abcdef'
        if (message.type === 'hello')
          conn.send({ ...message, id, node, port: 0, role: 'seeder', complete: true })
        if (message.type !== 'meta-request') return
        const from = message.offsetBytes
        const part = bytes.subarray(from, from + message.lengthBytes)
        conn.send({ type: 'meta', totalBytes: bytes.length, offsetBytes: from, bytes: part })
      }
      const conn = new Conn(socket, { onMessage, onClose: () => {} }, new Backlog())
      conn.push(first)
    },
    onLines: socket => socket.destroy(),
  })
  onTestFinished(() => port.close())
  return `${loopback}:${port.port}`
}

/** Announces a transfer and multicasts its meta, until the test is over; nobody listens on TCP. */
async function announcer(stage: Stage, { id, bytes }: Document): Promise<void> {
  const { group, port } = stage
  const outlet = await openOutlet({
    group,
    ttl: 1,
    address: loopback,
    interfaceName: 'lo',
    datagramBytes: 1500,
    slots: 64,
  })
  const session = { high: 1, low: 2 }
  const announce: Announce = {
    id,
    name: 'x',
    size: 1,
    files: 1,
    role: 'seeder',
    port: stage.peerPort + 9,
    channels: [{ channel: 1, group, port: port + 1, next: 0 }],
    symbolBytes: 1024,
    rateBps: 1e6,
    pass: 1,
    meta: { bytes: bytes.length, sha256: hexOf(sha256(bytes)) },
  }
  let sequence = 0
  const say = (datagram: Uint8Array, to: number): void => {
    outlet.slot().set(datagram)
    outlet.send(datagram.length, to)
    outlet.flush()
  }
  const timer = setInterval(() => {
    say(encodeAnnounce(session, sequence++, announce), port)
    for (let block = 0; block * 1024 < bytes.length; block++) {
      const payload = bytes.subarray(block * 1024, (block + 1) * 1024)
      const datagram = new Uint8Array(HEADER_BYTES + payload.length)
      const of = { sessionHigh: session.high, sessionLow: session.low, sequence: sequence++, block }
      const header = { ...emptyHeader(), type: DATAGRAM.meta, channel: 1, symbolBytes: 1024, ...of }
      writeHeader(datagram, 0, header)
      datagram.set(payload, HEADER_BYTES)
      say(datagram, port + 1)
    }
  }, 100)
  onTestFinished(async () => {
    clearInterval(timer)
    await outlet.close()
  })
}

/** What a job of the library takes to stay on this stage and to end with the test. */
function networkOf({ group, port, peerPort }: Stage) {
  const over = new AbortController()
  onTestFinished(() => over.abort())
  return { group, port, peerPort, interface: loopback, signal: over.signal }
}

async function refusalOf(done: Promise<unknown>): Promise<Mcp2pError> {
  try {
    await done
  } catch (error) {
    return error as Mcp2pError
  }
  throw new Error('it was let through')
}

describe('a meta from a stranger', patience, () => {
  for (const [what, change, exit] of hostile) {
    play(`with ${what} is refused over TCP as from a file`, async ({ stage }) => {
      const document = signed(change)
      const out = stage.out('a')
      const options = { ...networkOf(stage), out, multicast: 'never' } as const
      const path = join(stage.folder, 'x.p2pmeta')
      await writeFile(path, document.bytes)
      const peers = [await giver(stage, document)]
      const fromFile = await refusalOf(receive({ meta: path }, { ...options, peers }).done)
      expect(fromFile.message).toMatch(/^the \.p2pmeta (is refused|needs)/)
      expect(fromFile.exit).toBe(exit)
      const fromPeer = await refusalOf(receive({ id: document.id }, { ...options, peers }).done)
      expect({ ...fromPeer, message: fromPeer.message }).toEqual({
        ...fromFile,
        message: fromFile.message,
      })
      expect(existsSync(out)).toBe(false)
    })
  }

  play('is refused by multicast too, with one line and its exit', async ({ stage }) => {
    const refused = hostile.filter(([what]) => /climbs$|future/.test(what)).slice(0, 2)
    for (const [at, [, change, exit]] of refused.entries()) {
      const document = signed({ ...change, managers: [`host:${at + 1}`] })
      await announcer(stage, document)
      const receiver = stage.recv('a', [document.id])
      await end([receiver], EXIT[exit])
      expect(receiver.stderr).toMatch(
        /^(warning: .*\n)*error: the \.p2pmeta (is refused:|needs) .*\n hint: .*$/,
      )
      expect(existsSync(stage.out('a'))).toBe(false)
    }
  })

  play('that is heard and right is enough to begin with', async ({ stage }) => {
    const source = await randomFile(join(stage.folder, 'x.bin'), 1000)
    const { id, bytes } = await createMeta([source]).done
    await announcer(stage, { id, bytes })
    const over = new AbortController()
    const receiver = receive({}, { ...networkOf(stage), out: stage.out('a'), signal: over.signal })
    receiver.on('session', session => {
      expect(session).toMatchObject({ id, name: 'x.bin', totalBytes: 1000 })
      over.abort()
    })
    expect((await refusalOf(receiver.done)).exit).toBe('interrupted')
    expect.assertions(2)
  })
})

describe('a liar', patience, () => {
  const soon = { timeout: 10_000 }
  const lies: readonly [string, (right: Document) => Uint8Array][] = [
    ['damage', ({ bytes }) => bytes.map((byte, i) => (i === 100 ? byte ^ 1 : byte))],
    ['another transfer', () => signed({}).bytes],
    ['a version of the future', ({ id }) => utf8(`{"version":2,"id":"${id}"}`)],
    ['brackets without end', () => utf8('['.repeat(LIMITS.metaNestingMax + 1))],
  ]
  for (const [what, lie] of lies) {
    play(`who gives ${what} stops nobody`, async ({ stage }) => {
      const network = networkOf(stage)
      const source = await randomFile(join(stage.folder, 'x.bin'), mebibyte)
      const right = await createMeta([source]).done
      const bytes = lie(right)
      const peers = [await giver(stage, { id: right.id, bytes })]
      await announcer(stage, { id: right.id, bytes })
      const out = stage.out('a')
      const receiver = receive({ id: right.id }, { ...network, out, peers })
      const notices: string[] = []
      receiver.on('notice', ({ message }) => notices.push(message))
      const gave = `what ${peers[0].replace(':', ' port ')} gave`
      for (const said of [gave, 'what was heard'])
        await expect.poll(() => notices, soon).toContainEqual(expect.stringContaining(said))
      const sender = send(
        { meta: right.bytes },
        { ...network, root: stage.folder, waitMillis: 500 },
      )
      await Promise.all([receiver.done, sender.done])
      expect(
        notices.some(said => said.startsWith(`what ${peers[0].replace(':', ' port ')} gave`)),
      ).toBe(true)
      await stage.expectSame(source, 'a')
    })
  }
})
