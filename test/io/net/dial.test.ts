// Calls that are not answered. Whoever listens and is stopped takes as many as its backlog, and its
// kernel drops every other SYN: the next that the kernel sends by itself is a second later.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { dial } from '../../../src/io/net/dial.js'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

/** A process that accepts on a port of its own and tells how many came. */
async function listener(): Promise<{ child: ChildProcess; port: number; said: string[] }> {
  const program = `
    let came = 0
    const server = require('node:net').createServer(socket => {
      socket.on('error', () => {}).resume()
      console.log('came ' + ++came)
    })
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port))`
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  ends.push(() => child.kill('SIGKILL'))
  const said: string[] = []
  child.stdout.on('data', bytes => said.push(...String(bytes).trim().split('\n')))
  await once(child.stdout, 'data')
  return { child, port: Number(said[0]), said }
}

/** Fills the backlog of whoever is stopped; how many it took, the last of which waits for an answer. */
async function fill(port: number): Promise<number> {
  const sockets: Socket[] = []
  ends.push(() => {
    for (const socket of sockets) socket.destroy()
  })
  for (let isTaken = true; isTaken; ) {
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    sockets.push(socket)
    const late = new Promise<boolean>(resolve => setTimeout(resolve, 300, false))
    isTaken = await Promise.race([once(socket, 'connect').then(() => true), late])
  }
  return sockets.length
}

it('calls again long before the kernel does, and keeps one of the calls', async () => {
  const { child, port, said } = await listener()
  child.kill('SIGSTOP')
  const others = await fill(port)
  const startMillis = performance.now()
  setTimeout(() => child.kill('SIGCONT'), 100)
  const socket = await dial({ host: '127.0.0.1', port }, undefined)
  const millis = performance.now() - startMillis
  ends.push(() => socket.destroy())
  expect(millis).toBeGreaterThan(150)
  expect(millis).toBeLessThan(900)
  // The first call is over: its SYN would come through a second after it was sent.
  await new Promise(resolve => setTimeout(resolve, 1500))
  expect(said.at(-1)).toBe(`came ${others + 1}`)
  expect(socket.destroyed).toBe(false)
}, 15_000)

it('says at once that nobody listens there', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  const startMillis = performance.now()
  await expect(dial({ host: '127.0.0.1', port }, undefined)).rejects.toThrow('ECONNREFUSED')
  expect(performance.now() - startMillis).toBeLessThan(190)
})

it('gives up after five seconds, however often it has called', async () => {
  const { child, port } = await listener()
  child.kill('SIGSTOP')
  await fill(port)
  const startMillis = performance.now()
  await expect(dial({ host: '127.0.0.1', port }, undefined)).rejects.toThrow('nothing within 5 s')
  expect(performance.now() - startMillis).toBeGreaterThan(4900)
}, 15_000)

it('is one connection where the answer comes in time', async () => {
  const { port, said } = await listener()
  const socket = await dial({ host: '127.0.0.1', port }, undefined)
  ends.push(() => socket.destroy())
  await new Promise(resolve => setTimeout(resolve, 800))
  expect(said.slice(1)).toEqual(['came 1'])
})
