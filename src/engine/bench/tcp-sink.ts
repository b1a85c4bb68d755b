// The other end of this machine's TCP bench, in a thread of its own: it takes what comes and drops it,
// so that sending is measured with a receiver that runs beside it, as on a network.

import { createServer } from 'node:net'
import { parentPort } from 'node:worker_threads'

const server = createServer(socket => {
  socket.on('error', () => {})
  socket.on('data', () => {})
})
server.listen(0, '127.0.0.1', () => {
  parentPort?.postMessage((server.address() as { port: number }).port)
})
