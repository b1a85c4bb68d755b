// Assembles what is in WebAssembly, and compiles the native part into `prebuilds/`, where it finds a C compiler; without one, or on another
// system than Linux, a line says so and the TypeScript twins do the work. `--all` also builds for the
// architectures that this machine has cross-compilers for.

import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '../../..')
const headers = join(root, 'node_modules/node-api-headers/include')
const strict = ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-O2', '-fPIC', '-fvisibility=hidden']
const cross = { x64: 'x86_64-linux-gnu-gcc', arm64: 'aarch64-linux-gnu-gcc' }

/** Builds for one architecture; undefined when it stands, else why it does not. */
function build(arch, compiler) {
  const sources = readdirSync(here).filter(name => /\.[ch]$/.test(name))
  const target = join(root, 'prebuilds', `linux-${arch}`, 'mcp2p.node')
  if (sources.every(name => changedAt(join(here, name)) < changedAt(target))) return undefined
  mkdirSync(dirname(target), { recursive: true })
  const units = sources.filter(name => name.endsWith('.c')).map(name => join(here, name))
  const fresh = `${target}.${process.pid}`
  const argv = [...strict, '-shared', '-s', '-I', headers, ...units, '-o', fresh]
  const { error, status, stderr } = spawnSync(compiler, argv, { encoding: 'utf8' })
  if (error) return `no C compiler (${compiler})`
  if (status !== 0) return `${compiler} failed:\n${stderr}`
  renameSync(fresh, target) // whole or not at all, whoever else builds now
  return undefined
}

/** One text, two modules: Node 20 does not know the faster instruction yet. */
async function assemble() {
  const text = join(here, 'fec.wat')
  for (const [name, swizzle] of [
    ['fec', 'i8x16.swizzle'],
    ['fec-relaxed', 'i8x16.relaxed_swizzle'],
  ]) {
    const target = join(root, 'prebuilds/wasm', `${name}.wasm`)
    if (changedAt(text) < changedAt(target)) continue
    const { default: wabt } = await import('wabt')
    const source = readFileSync(text, 'utf8').replaceAll('SWIZZLE', swizzle)
    const module = (await wabt()).parseWat('fec.wat', source, { simd: true, relaxed_simd: true })
    module.validate()
    mkdirSync(dirname(target), { recursive: true })
    const fresh = `${target}.${process.pid}`
    writeFileSync(fresh, module.toBinary({}).buffer)
    renameSync(fresh, target)
  }
}

function changedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

await assemble()
const all = process.argv.includes('--all')
const wanted = all ? Object.keys(cross) : [process.arch]
for (const arch of wanted) {
  const own = process.platform === 'linux' && arch === process.arch
  const why =
    own || all
      ? build(arch, own ? (process.env.CC ?? 'cc') : cross[arch])
      : `no native part for ${process.platform}`
  if (why) process.stderr.write(`native part linux-${arch} not built: ${why}\n`)
}
