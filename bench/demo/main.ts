// The demo: a real tree from one sender to three receivers on this machine, checked by code that
// shares nothing with the engine. `npm run demo`, or `npm run demo -- PATH` for a tree of one's own.

import { existsSync } from 'node:fs'
import { lstat, mkdir, readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { formatBytes } from '../../src/app/cli/units.js'
import { CliProcess } from '../../test/lab/cli.js'
import { removeScratch, scratchFolder } from '../scratch.js'
import { type Cast, start } from './cast.js'
import { judge, table, verdict } from './report.js'
import { makeTree } from './tree.js'
import { View } from './view.js'

const madeBytes = 256 * 2 ** 20
const receiverCount = 3
const spareBytes = 64 * 2 ** 20
const stallMillis = 60_000
const graceMillis = 20_000

const children = new Set<CliProcess>()

process.once('SIGINT', () => interrupted(130))
process.once('SIGTERM', () => interrupted(143))
process.once('exit', () => killAll('SIGKILL'))

try {
  process.exit(await main(process.argv.slice(2)))
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : error}\n`)
  process.exit(1)
}

async function main(args: string[]): Promise<number> {
  if (args.length > 1 || args[0]?.startsWith('-')) {
    process.stderr.write('npm run demo [-- PATH]: sends PATH, or 256 MiB made for it\n')
    return 2
  }
  const given = args[0] === undefined ? undefined : resolve(args[0])
  if (given !== undefined && !existsSync(given)) {
    process.stderr.write(`demo: no such file or folder: ${given}\n`)
    return 3
  }
  const bytes = given === undefined ? madeBytes : await sizeOf(given)
  const copies = receiverCount + (given === undefined ? 1 : 0)
  const scratch = await scratchFolder(bytes * copies + spareBytes)
  try {
    return await play(scratch, given)
  } finally {
    killAll('SIGKILL')
    await removeScratch(scratch)
  }
}

async function play(scratch: string, given: string | undefined): Promise<number> {
  const tree = given ?? join(scratch, 'demo')
  if (given === undefined) {
    await mkdir(tree)
    say(`made a tree of ${formatBytes(await makeTree(tree))}`)
  }
  const meta = join(scratch, 'demo.p2pmeta')
  const maker = follow(new CliProcess('meta', ['meta', tree, '-o', meta]))
  if ((await maker.exited) !== 0) throw new Error(`meta failed: ${maker.stderr}`)
  // Paths of a meta begin in the tree or beside it, as a single file's does: the first one tells.
  const { files } = JSON.parse(await readFile(meta, 'utf8')) as { files: { path: string }[] }
  const isInside = files.length === 0 || existsSync(join(tree, files[0].path))
  const root = isInside ? tree : dirname(tree)
  const cast = await start(meta, root, join(scratch, 'out'), follow)
  const view = new View(cast)
  try {
    await allComplete(cast)
  } finally {
    view.end()
  }
  await farewell(cast)
  const rows = []
  for (const each of cast.receivers) {
    rows.push(await judge(each, tree, isInside ? each.folder : join(each.folder, basename(tree))))
  }
  say(`\n${table(rows)}\n\n${verdict(rows, cast)}`)
  const isRight = rows.length === receiverCount && rows.every(row => row.differences.length === 0)
  say(
    isRight
      ? `All ${receiverCount} copies of ${basename(tree)} are identical to the source: every byte, mode and link.`
      : 'Something is WRONG; see the table.',
  )
  return isRight ? 0 : 7
}

/** Resolves when all three receivers are complete; rejects when one ends before, or all stand. */
async function allComplete(cast: Cast): Promise<void> {
  let before = -1
  let stalledSince = Date.now()
  let timer: NodeJS.Timeout | undefined
  const stall = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      const verified = cast.receivers.reduce((sum, each) => sum + verifiedOf(each.process), 0)
      if (verified !== before) stalledSince = Date.now()
      before = verified
      if (Date.now() - stalledSince > stallMillis) {
        reject(new Error(`nothing has moved for ${stallMillis / 1000} s`))
      }
    }, 1000)
  })
  const early = cast.receivers.map(each => each.process.until('complete'))
  const late = cast.late.then(process => process.until('complete'))
  try {
    await Promise.race([Promise.all([...early, late]), stall])
  } finally {
    clearInterval(timer)
  }
}

function verifiedOf(receiver: CliProcess): number {
  return Number(receiver.last('progress')?.verifiedBytes ?? 0)
}

/** They end by themselves once nobody needs them; the impatient demo asks them to after a while. */
async function farewell(cast: Cast): Promise<void> {
  const all = [cast.sender, ...cast.receivers.map(each => each.process)]
  const timer = setTimeout(() => {
    for (const process of all) process.kill('SIGTERM')
  }, graceMillis)
  await Promise.all(cast.receivers.map(each => each.process.exited))
  cast.sender.kill('SIGTERM')
  await cast.sender.exited
  clearTimeout(timer)
}

/** Bytes of a file or of all files of a tree. */
async function sizeOf(path: string): Promise<number> {
  const entry = await lstat(path)
  if (!entry.isDirectory()) return entry.isFile() ? entry.size : 0
  const names = await readdir(path)
  const sizes = await Promise.all(names.map(name => sizeOf(join(path, name))))
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** Remembers a child, so that none outlives the demo. */
function follow(process: CliProcess): CliProcess {
  children.add(process)
  void process.exited.then(() => children.delete(process))
  return process
}

function killAll(signal: NodeJS.Signals): void {
  for (const child of children) child.kill(signal)
}

function interrupted(code: number): void {
  process.stderr.write('demo: stopped\n')
  process.exit(code) // what is still there goes with the exit
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
