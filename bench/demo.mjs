// `npm run demo`: from a fresh clone to the demo. Plain JavaScript of node's own modules, because it
// runs before anything is installed or built; it does both when they are missing or stale.

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const demo = join(root, 'dist/bench/demo/main.js')

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`demo: mcp2p needs Node 20.19 or newer, this is ${process.versions.node}`)
  console.error('Install a newer one from nodejs.org; 24 is a good choice.')
  process.exit(9)
}

if (ageOf(join(root, 'node_modules/.package-lock.json')) < ageOf(join(root, 'package-lock.json'))) {
  npm('installing what it needs', 'ci')
}
if (!existsSync(demo) || newest('dist', '.tsbuildinfo', false) < newestSource()) {
  npm('building', 'run', 'build')
}
const { status, signal } = spawnSync(process.execPath, [demo, ...process.argv.slice(2)], {
  stdio: 'inherit',
  cwd: process.env.INIT_CWD ?? process.cwd(), // where the user typed it: their PATH means that
})
process.exit(status ?? (signal === 'SIGINT' ? 130 : 143))

/** Last change of a file, ms; 0 when it does not exist. */
function ageOf(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

/** Last change of any file with that ending in a folder of the repository. */
function newest(folder, ending, deep) {
  let latest = 0
  if (!existsSync(join(root, folder))) return latest
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && deep) latest = Math.max(latest, newest(path, ending, deep))
    else if (entry.name.endsWith(ending)) latest = Math.max(latest, ageOf(join(root, path)))
  }
  return latest
}

function newestSource() {
  const configs = newest('.', '.json', false)
  return Math.max(configs, ...['src', 'test', 'bench'].map(folder => newest(folder, '.ts', true)))
}

function npm(what, ...args) {
  console.error(`demo: ${what} (npm ${args.join(' ')})`)
  const npmScript = process.env.npm_execpath
  const [command, first] = npmScript ? [process.execPath, [npmScript]] : ['npm', []]
  const run = spawnSync(command, [...first, ...args], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: !npmScript && process.platform === 'win32', // there npm is a script
  })
  if (run.status === 0) return
  console.error(`demo: npm ${args.join(' ')} failed; what it said stands above`)
  process.exit(1)
}
