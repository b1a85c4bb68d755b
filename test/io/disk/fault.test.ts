import { expect, it } from 'vitest'
import { Mcp2pError } from '../../../src/core/base/errors.js'
import { stopIfAborted, storageError } from '../../../src/io/disk/fault.js'

const fault = (code: string) => storageError(Object.assign(new Error(code), { code }), 'write', 'a')

it('says what the disk refuses, with the file and what to do', () => {
  for (const [errno, code] of [
    ['ENOSPC', 'DISK_FULL'],
    ['EDQUOT', 'DISK_FULL'],
    ['EIO', 'DISK_FAULT'],
    ['EROFS', 'READ_ONLY'],
    ['EACCES', 'FORBIDDEN'],
    ['EFBIG', 'FILE_TOO_BIG'],
    ['ENOTHEARDOF', 'DISK_FAULT'],
  ]) {
    const error = fault(errno)
    expect(error).toMatchObject({ code, exit: 'storage' })
    expect(error.message).toMatch(/^cannot write a: /)
    expect((error as Mcp2pError).hint).toMatch(/^[A-Z].*\.$/)
  }
})

it('leaves our own errors and bugs as they are', () => {
  const own = new Mcp2pError('X', 'integrity', 'x', 'y')
  const bug = new TypeError('bug')
  expect(storageError(own, 'write', 'a')).toBe(own)
  expect(storageError(bug, 'write', 'a')).toBe(bug)
})

it('stops when it is told to', () => {
  stopIfAborted(undefined)
  stopIfAborted(new AbortController().signal)
  expect(() => stopIfAborted(AbortSignal.abort())).toThrow('interrupted')
})
