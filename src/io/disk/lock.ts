// One process per destination and transfer. Each says first who it is, in a file of its own name,
// and then looks for others: of two that start at once at least one sees the other, so two never
// both go on. A file whose process is dead (or whose pid was given to a younger process) is rubbish
// and is removed; its name is its process's alone, so removing it can hurt nobody. Processes on
// other machines or in other pid namespaces are not seen.

import { readFileSync } from 'node:fs'
import { open, readdir, unlink } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { Mcp2pError } from '../../core/base/errors.js'
import { errnoOf } from './fault.js'

const PREFIX = 'lock-'
const TRIES = 4

/** Folders that this process itself holds, by their device and inode or path. */
const held = new Set<string>()

/** A held lock; `release` gives it back and never rejects. */
export interface Lock {
  release(): Promise<void>
}

/**
 * @param folder where the lock files are, as the system finds it
 * @param identity one string for the same folder however it is reached
 * @param dir the destination, for the message
 */
export async function takeLock(folder: string, identity: string, dir: string): Promise<Lock> {
  if (held.has(identity)) throw lockedBy(process.pid, dir)
  held.add(identity)
  const own = lockName(process.pid)
  const path = `${folder}/${own}`
  const leave = async () => {
    held.delete(identity)
    await unlink(path).catch(() => {})
  }
  try {
    for (let attempt = 1; ; attempt++) {
      await announce(path)
      const other = await livingOther(folder, own)
      if (other === undefined) return { release: leave }
      await unlink(path)
      if (attempt === TRIES) throw lockedBy(other, dir)
      // Two that started at once both step back; their pids make them come again at other times.
      await sleep(20 + (process.pid % 50) * attempt)
    }
  } catch (error) {
    await leave()
    throw error
  }
}

function isLockName(name: string): boolean {
  return name.startsWith(PREFIX)
}

/** `lock-<pid>-<start>`: start is what tells this process from a later one with the same pid. */
export function lockName(pid: number): string {
  return `${PREFIX}${pid}-${startOf(pid) ?? 'unknown'}`
}

async function announce(path: string): Promise<void> {
  // Made anew: who guessed the name may have put a link there.
  await unlink(path).catch(() => {})
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(`pid ${process.pid}, started ${startOf(process.pid) ?? 'unknown'}\n`)
  } finally {
    await file.close()
  }
}

async function livingOther(folder: string, own: string): Promise<number | undefined> {
  let living: number | undefined
  for (const name of await readdir(folder)) {
    if (!isLockName(name) || name === own) continue
    const pid = Number(/^lock-([1-9][0-9]*)-/.exec(name)?.[1])
    if (Number.isSafeInteger(pid) && isAlive(pid) && lockName(pid) === name) living = pid
    else await unlink(`${folder}/${name}`).catch(() => {})
  }
  return living
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errnoOf(error) === 'EPERM'
  }
}

/** Boot and clock ticks at which a process started, from /proc; undefined where there is none. */
function startOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8)
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The second field is the name in brackets and may hold anything; the 22nd is the start.
    return `${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}-${boot}`
  } catch {
    return undefined
  }
}

function lockedBy(pid: number, dir: string): Mcp2pError {
  return new Mcp2pError(
    'LOCKED',
    'storage',
    `another mcp2p (pid ${pid}) is receiving the same transfer into ${dir}`,
    'Wait until it ends or stop it, or choose another folder.',
  )
}
