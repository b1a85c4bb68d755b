// What the native part returns below zero, as an error like those of node's own sockets.

import { getSystemErrorName } from 'node:util'

export function systemError(call: string, errno: number): NodeJS.ErrnoException {
  const code = getSystemErrorName(errno)
  return Object.assign(new Error(`${call} ${code}`), { code, errno, syscall: call })
}
