// A word that nobody can guess: what a cookie or a token is made of, from the system's own luck.

import { randomBytes } from 'node:crypto'

/** 128 bits in hex. */
export function secret(): string {
  return randomBytes(16).toString('hex')
}
