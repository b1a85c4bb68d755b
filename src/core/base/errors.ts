// One error type for everything a user can meet: what happened, in one line, and what to do, in
// another. The exit code is part of the command line's API.

/** Exit codes of the command line; stable, documented in the README. */
export const EXIT = {
  complete: 0,
  bug: 1,
  usage: 2,
  notFound: 3,
  network: 4,
  interrupted: 5,
  partial: 6,
  integrity: 7,
  storage: 8,
  incompatible: 9,
  threshold: 10,
} as const

export type ExitName = keyof typeof EXIT

/** An error of the user's world (not a bug): `message` says what, `hint` says what to do. */
export class Mcp2pError extends Error {
  /** Stable machine-readable code, e.g. `META_CORRUPT`. */
  readonly code: string
  readonly exit: ExitName
  readonly hint: string

  constructor(code: string, exit: ExitName, message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'Mcp2pError'
    this.code = code
    this.exit = exit
    this.hint = hint
  }
}
