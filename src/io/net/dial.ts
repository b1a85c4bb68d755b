// Outgoing connections. The kernel sends a SYN that got lost again after a second, and once more after
// three: a lab at 5 % loss waits that long in one start of four. So whoever is not answered soon is
// called again beside the first call, and who answers first is it (as RFC 8305 races addresses).

import { connect, type OnReadOpts, type Socket } from 'node:net'
import type { Address } from '../../ports.js'

const CONNECT_MILLIS = 5000
/** Since the first call. A way that takes longer than this costs a connection that is closed at once. */
export const CALLED_AGAIN_MILLIS: readonly number[] = [200, 600]
const READ_BYTES = 1 << 20

/** What any dialled socket has read is heard before the next one reads. */
let readBuffer: Uint8Array | undefined

/**
 * Connects, from `localAddress` when given; rejects after 5 s. The bytes of the socket's `data` events
 * are there during the event only: all are read into the same memory, where a buffer for each would
 * cost more than the reading.
 */
export function dial(address: Address, localAddress: string | undefined): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const calls = new Set<Socket>()
    const timers: NodeJS.Timeout[] = []
    const settle = (): void => {
      for (const timer of timers) clearTimeout(timer)
      for (const socket of calls) socket.destroy()
      calls.clear()
    }
    const call = (): void => {
      const socket = open(address, localAddress)
      calls.add(socket)
      socket.once('connect', () => {
        if (!calls.delete(socket)) return
        socket.removeAllListeners('error')
        settle()
        resolve(socket)
      })
      // One that fails beside others is no answer, and one that is over must not end the process.
      socket.on('error', error => {
        if (!calls.delete(socket) || calls.size > 0) return
        settle()
        reject(error)
      })
    }
    // A loop that was busy sees what has come meanwhile before it calls again.
    const callAgain = (): void => void setImmediate(() => calls.size > 0 && call())
    const giveUp = (): void => {
      settle()
      reject(new Error(`nothing within ${CONNECT_MILLIS / 1000} s`))
    }
    call()
    for (const millis of CALLED_AGAIN_MILLIS) timers.push(setTimeout(callAgain, millis))
    timers.push(setTimeout(giveUp, CONNECT_MILLIS))
  })
}

function open({ host, port }: Address, localAddress: string | undefined): Socket {
  readBuffer ??= new Uint8Array(READ_BYTES)
  const onread: OnReadOpts = {
    buffer: readBuffer,
    callback: (count, buffer) => socket.emit('data', Buffer.from(buffer.buffer, 0, count)),
  }
  const socket: Socket = connect({ host, port, localAddress, onread })
  return socket
}
