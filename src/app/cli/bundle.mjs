// Writes the `mcp2p` command into `dist/bin/`: what several commands share is one file, what one has
// for itself another. Most of what a process costs before its first datagram is finding, reading and
// compiling hundreds of modules. The library is used as it was compiled.

import { renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..')
const target = join(root, 'dist/bin')
// Nobody finds half of it, whoever else builds or runs now.
const dir = `${target}.${process.pid}`

async function bundle(input, codeSplitting) {
  const built = await rolldown({
    cwd: root,
    input,
    platform: 'node',
    // Few runs need them, or they bring native code.
    external: ['@napi-rs/blake-hash', '@redis/client', 'pino', 'prom-client'],
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
  })
  // V8 takes longer for text that is not ASCII.
  await built.write({ dir, codeSplitting, sourcemap: true, charset: 'ascii', comments: false })
}

await bundle(
  { mcp2p: 'src/app/cli/main.ts' },
  {
    groups: [
      { name: 'start', tags: ['$initial'] },
      { name: 'shared', minShareCount: 2 },
    ],
  },
)
// Threads are found by these names, and load nothing of what they do not need.
await bundle(
  { 'hash-worker': 'src/io/disk/hash-worker.ts', 'tcp-sink': 'src/engine/bench/tcp-sink.ts' },
  true,
)
rmSync(target, { recursive: true, force: true })
renameSync(dir, target)
