// A forger for the lab, as a program: `node forger.js KIND SHARE GROUP PORT`. It listens to the first
// session announced and sends lies about it: KIND is one of `lies.ts` for SHARE lies per datagram of
// the blast that it hears, or `announcements`: then SHARE forged ones a second. They come from the host that it
// runs on: in the sender's own host, from the sender's address.

import { randomBytes } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { networkInterfaces } from 'node:os'
import { Prng } from '../../src/core/base/prng.js'
import { type Announce, decodeAnnounce, encodeAnnounce } from '../../src/core/wire/announce.js'
import {
  DATAGRAM,
  emptyHeader,
  HEADER_BYTES,
  readHeader,
  writeHeader,
} from '../../src/core/wire/datagram.js'
import { FORGERIES, type Forge } from '../sim/lies.js'

const [kind, shareText, group, portText] = process.argv.slice(2)
const share = Number(shareText)
const port = Number(portText)
const prng = new Prng(randomBytes(4).readUInt32BE(0))
const address = Object.values(networkInterfaces())
  .flat()
  .find(each => each?.family === 'IPv4' && !each.internal)?.address

const outlet = createSocket('udp4')
outlet.bind(() => {
  outlet.setMulticastInterface(address ?? '0.0.0.0')
  outlet.setMulticastLoopback(false)
  listen(port, hearAnnounce)
})

function listen(onPort: number, hear: (bytes: Buffer) => void): Socket {
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  socket.on('message', hear)
  socket.bind(onPort, group, () => socket.addMembership(group, address))
  return socket
}

let begun = false

function hearAnnounce(bytes: Buffer): void {
  const header = emptyHeader()
  if (begun || !readHeader(bytes, 0, bytes.length, header)) return
  const announce = decodeAnnounce(bytes.subarray(HEADER_BYTES))
  if (header.type !== DATAGRAM.announce || announce === undefined) return
  begun = true
  process.stdout.write('begun\n')
  if (kind === 'announcements') setInterval(() => announceLies(announce), 10)
  else forgeAll(announce, FORGERIES[kind]())
}

function forgeAll(announce: Announce, forge: Forge): void {
  const blockCount = Math.ceil(announce.size / 16_384)
  const header = emptyHeader()
  const random = randomBytes(1 << 20)
  let owed = 0
  listen(announce.channels[0].port, bytes => {
    if (!readHeader(bytes, 0, bytes.length, header) || header.type !== DATAGRAM.data) return
    for (owed += 2 * share * prng.unit(); owed >= 1; owed--) {
      const lie = { ...header, bytes: header.symbolBytes }
      forge(lie, blockCount, prng)
      const out = Buffer.alloc(HEADER_BYTES + lie.bytes)
      writeHeader(out, 0, lie)
      random.copy(out, HEADER_BYTES, prng.below(random.length - lie.bytes))
      outlet.send(out, announce.channels[0].port, group)
    }
  })
}

/** The same transfer, with garbage: sessions, ports and groups, names, and a meta that is not so. */
function announceLies(announce: Announce): void {
  for (let i = 0; i < share / 100; i++) {
    const session = { high: prng.u32(), low: prng.u32() }
    const anyPort = 1 + prng.below(65_535)
    const groups = [group, `239.1.${prng.below(256)}.9`, '10.42.0.1', '\u001b[2J', 'ff02::1']
    const lie: Announce = {
      ...announce,
      name: '\u001b[31m\u202eevil\u0007',
      role: prng.below(2) === 0 ? 'relay' : 'seeder',
      port: anyPort,
      symbolBytes: [0, 1, 1366, 16_384][prng.below(4)],
      size: prng.below(2 ** 31),
      meta: { bytes: 1 + prng.below(500 << 20), sha256: randomBytes(32).toString('hex') },
      channels: [{ channel: 1, group: groups[prng.below(5)], port: anyPort, next: prng.u32() }],
    }
    outlet.send(encodeAnnounce(session, prng.u32(), lie), port, group)
  }
}
