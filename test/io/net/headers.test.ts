// What the line carries of a connection beside its bytes: the kernel's count, and what is taken for it
// where nobody can ask the kernel.

import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import { loadNative } from '../../../src/io/native/load.js'
import { dial } from '../../../src/io/net/dial.js'
import { Headers } from '../../../src/io/net/headers.js'

/** Two ends of a connection of this machine. */
async function pair(): Promise<readonly [Socket, Socket]> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const accepted = once(server, 'connection')
  const outbound = await dial({ host: '127.0.0.1', port }, undefined)
  const [inbound] = (await accepted) as [Socket]
  server.close()
  return [outbound, inbound]
}

it.skipIf(loadNative().socket === undefined)('counts each segment once, both ways', async () => {
  const [here, there] = await pair()
  const headers = new Headers(here)
  headers.take()
  expect(headers.take()).toEqual({ out: 0, in: 0 })
  const sizes = [1, 100, 1000]
  for (const size of sizes) {
    here.write(Buffer.alloc(size))
    await once(there, 'data')
    there.write('x')
    await once(here, 'data')
  }
  const { out, in: got } = headers.take()
  for (const bytes of [out, got]) {
    expect(bytes % 66).toBe(0)
    expect(bytes / 66).toBeGreaterThanOrEqual(sizes.length)
    expect(bytes / 66).toBeLessThanOrEqual(2 * sizes.length)
  }
  here.destroy()
  there.destroy()
})

it('takes segments to be full, and every other one acknowledged, where the kernel says nothing', () => {
  const socket = { bytesWritten: 144_800, writableLength: 0, bytesRead: 0, remoteAddress: '::1' }
  const headers = new Headers(socket as unknown as Socket)
  expect(headers.take()).toEqual({ out: 100 * 86, in: 50 * 86 })
  expect(headers.take()).toEqual({ out: 0, in: 0 })
  socket.bytesRead = 14_480
  expect(headers.take()).toEqual({ out: 5 * 86, in: 10 * 86 })
})
