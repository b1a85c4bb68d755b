// How a run ends: every exit code with its meaning, and every error as one line that says what and
// one that says what to do. Codes are part of the API; more is said only to those who ask (-v).

import { EXIT, type ExitName, Mcp2pError } from '../../core/base/errors.js'
import type { Style } from './style.js'
import { printable } from './text.js'

const MEANINGS: Readonly<Record<ExitName, string>> = {
  complete: 'complete',
  bug: 'unexpected: a bug, please report it',
  usage: 'usage or configuration',
  notFound: 'not found: a path, a transfer, a manager',
  network: 'the network cannot be used',
  interrupted: 'interrupted by SIGINT or SIGTERM; the same command resumes',
  partial: 'some receivers are incomplete, or none came',
  integrity: 'integrity: missing, wrong or extra files, or a corrupt .p2pmeta',
  storage: 'storage: space, permission, or a file in the way',
  incompatible: 'made by an incompatible version',
  threshold: 'a threshold was missed',
}

/** The text of `mcp2p help exit`. */
export function exitCodes(): string {
  const lines = Object.entries(EXIT).map(
    ([name, code]) => `${String(code).padStart(5)}  ${MEANINGS[name as ExitName]}`,
  )
  return `Exit codes:\n${lines.join('\n')}\n  130  second SIGINT: stopped at once\n  143  second SIGTERM: stopped at once\n`
}

/** Whatever was thrown, as an error for people; what nobody foresaw is a bug. */
export function asMcp2pError(error: unknown): Mcp2pError {
  if (error instanceof Mcp2pError) return error
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException
  if (code === 'EMFILE' || code === 'ENFILE') {
    const hint = 'Allow more, for example with `ulimit -n 1024`, and run the same command again.'
    return new Mcp2pError('TOO_MANY_FILES', 'storage', 'no more files may be opened', hint, error)
  }
  if (syscall === 'uv_cwd') {
    const hint = 'Go to one that exists.'
    return new Mcp2pError('NO_FOLDER', 'notFound', 'the current folder is gone', hint, error)
  }
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return new Mcp2pError(
    'BUG',
    'bug',
    `unexpected ${text}`,
    'This is a bug in mcp2p: please report it with what the same command prints with -vv.',
    error,
  )
}

/** Two lines; with verbosity 1 the code and the causes, with 2 the stacks as well. */
export function errorLines(error: Mcp2pError, style: Style, verbosity: number): string[] {
  const lines = [
    `${style.bad('error:')} ${shortened(oneLine(error.message))}`,
    `${style.dim(' hint:')} ${oneLine(error.hint)}`,
  ]
  if (verbosity >= 1) lines.push(` code: ${error.code}, exit ${EXIT[error.exit]} (${error.exit})`)
  const seen = new Set<unknown>()
  for (let cause = error.cause; cause !== undefined && !seen.has(cause); ) {
    seen.add(cause)
    if (verbosity >= 1) lines.push(`cause: ${shortened(oneLine(causeText(cause)))}`)
    if (verbosity >= 2 && cause instanceof Error && cause.stack) lines.push(cause.stack)
    cause = cause instanceof Error ? cause.cause : undefined
  }
  if (verbosity >= 2 && error.stack) lines.push(error.stack)
  return lines
}

function causeText(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const code = (cause as NodeJS.ErrnoException).code
  return `${cause.name}${code === undefined ? '' : ` ${code}`}: ${cause.message}`
}

/** What was given may be quoted, however long it is; its ends are enough to know it by. */
function shortened(line: string): string {
  return line.replace(/^(.{240}).{100,}(.{120})$/u, '$1 … $2')
}

/** Errors of libraries come in several lines; a user is promised one. */
function oneLine(text: string): string {
  return printable(text.replace(/\s*\n\s*/g, ' ').trim())
}
