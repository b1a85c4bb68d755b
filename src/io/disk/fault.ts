// What the operating system says when the disk refuses, as one line for the user and one line of
// advice. Every errno that a full, failing or forbidden disk gives has its own sentence here.

import { Mcp2pError } from '../../core/base/errors.js'

/** The `code` of a system error (`ENOENT`, …), or '' when it is none. */
export function errnoOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

interface Advice {
  readonly code: string
  readonly what: string
  readonly hint: string
}

const RESUME = 'then run the same command again: it goes on where it stopped'

/** What O_NOFOLLOW and O_DIRECTORY give, each system in its own way. */
const LINK_IN_THE_WAY: Advice = {
  code: 'IN_THE_WAY',
  what: 'a link or something else that does not belong there is in the way',
  hint: 'Move it away or choose another folder: nothing is written through links.',
}

const ADVICE: Readonly<Record<string, Advice>> = {
  ENOSPC: { code: 'DISK_FULL', what: 'the disk is full', hint: `Free some space, ${RESUME}.` },
  EDQUOT: { code: 'DISK_FULL', what: 'the quota is used up', hint: `Free some space, ${RESUME}.` },
  EIO: {
    code: 'DISK_FAULT',
    what: 'the disk reports an input/output error',
    hint: 'Look into the kernel log and check the disk; what was verified stays for a rerun.',
  },
  EROFS: {
    code: 'READ_ONLY',
    what: 'the filesystem is read-only',
    hint: `Mount it writable or choose another folder, ${RESUME}.`,
  },
  EACCES: {
    code: 'FORBIDDEN',
    what: 'permission denied',
    hint: 'Give this user the right to the file and its folder, or choose another folder.',
  },
  EPERM: {
    code: 'FORBIDDEN',
    what: 'the operation is not permitted',
    hint: 'Give this user the right to the file and its folder, or choose another folder.',
  },
  EMFILE: {
    code: 'TOO_MANY_FILES',
    what: 'too many files are open',
    hint: 'Raise the limit of open files (ulimit -n), then run the same command again.',
  },
  ENFILE: {
    code: 'TOO_MANY_FILES',
    what: 'too many files are open on this machine',
    hint: 'Close other programs, then run the same command again.',
  },
  EFBIG: {
    code: 'FILE_TOO_BIG',
    what: 'the filesystem does not take files of this size',
    hint: 'Choose a folder on another filesystem (FAT ends at 4 GiB).',
  },
  ENAMETOOLONG: {
    code: 'NAME_REFUSED',
    what: 'the name is too long for this filesystem',
    hint: 'Choose a folder with a shorter path, or another filesystem.',
  },
  EINVAL: {
    code: 'NAME_REFUSED',
    what: 'the filesystem refuses it',
    hint: 'Choose a folder on a filesystem that takes such names and sizes.',
  },
  EILSEQ: {
    code: 'NAME_REFUSED',
    what: 'the filesystem refuses the name',
    hint: 'Choose a folder on a filesystem that takes such names.',
  },
  EXDEV: {
    code: 'OTHER_DISK',
    what: 'its folder lies on another filesystem than the destination',
    hint: 'Receive into a folder that has no other filesystem mounted below it.',
  },
  EISDIR: {
    code: 'IN_THE_WAY',
    what: 'a folder stands under that name',
    hint: 'Move the folder away, or choose another destination.',
  },
  EEXIST: {
    code: 'IN_THE_WAY',
    what: 'something else stands under that name',
    hint: 'Move it away, or choose another destination.',
  },
  ELOOP: LINK_IN_THE_WAY,
  ENOTDIR: LINK_IN_THE_WAY,
  ENOENT: {
    code: 'VANISHED',
    what: 'it is gone',
    hint: 'Something removed it meanwhile; run the same command again.',
  },
}

/** `cause` as an error of exit `storage` that names `path`; an error of ours passes unchanged. */
export function storageError(cause: unknown, doing: string, path: string): Error {
  if (cause instanceof Mcp2pError) return cause
  const errno = errnoOf(cause)
  if (errno === '') return cause instanceof Error ? cause : new Error(String(cause))
  const advice = ADVICE[errno] ?? {
    code: 'DISK_FAULT',
    what: errno,
    hint: 'Check the disk and the folder, then run the same command again.',
  }
  const message = `cannot ${doing} ${path}: ${advice.what}`
  return new Mcp2pError(advice.code, 'storage', message, advice.hint, cause)
}

/** Throws `interrupted` once the signal is aborted. */
export function stopIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return
  const hint = 'Run the same command again: it goes on where it stopped.'
  throw new Mcp2pError('INTERRUPTED', 'interrupted', 'interrupted', hint)
}
