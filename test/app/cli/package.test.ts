// What people install: the packed files run as they are, with no compiler on the path, no install
// script and nothing but the declared dependencies.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadNative } from '../../../src/io/native/load.js'
import { repositoryRoot } from '../../lab/root.js'

const folder = mkdtempSync(join(tmpdir(), 'mcp2p-package-'))
const unpacked = join(folder, 'package')
afterAll(() => rmSync(folder, { recursive: true }))

function run(command: string, args: readonly string[], cwd: string, env = process.env) {
  const { error, status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: 'utf8' })
  expect({ error, status, stderr: status === 0 ? '' : stderr }).toEqual({
    error: undefined,
    status: 0,
    stderr: '',
  })
  return stdout
}

beforeAll(() => {
  run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], repositoryRoot)
  const [archive] = readdirSync(folder).filter(name => name.endsWith('.tgz'))
  run('tar', ['-xzf', archive], folder)
  symlinkSync(join(repositoryRoot, 'node_modules'), join(unpacked, 'node_modules'))
})

it('holds what runs and what explains it, and no tests', () => {
  const top = readdirSync(unpacked).filter(name => name !== 'node_modules')
  const wanted = ['ARCHITECTURE.md', 'LICENSE', 'README.md', 'dist', 'package.json', 'prebuilds']
  expect(top.sort()).toEqual(wanted)
  expect(readdirSync(join(unpacked, 'dist'))).toEqual(['bin', 'src'])
  const threads = ['hash-worker.js', 'tcp-sink.js']
  expect(readdirSync(join(unpacked, 'dist/bin'))).toEqual(expect.arrayContaining(threads))
  expect(existsSync(join(unpacked, 'prebuilds/wasm/fec.wasm'))).toBe(true)
  const { scripts } = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8'))
  for (const hook of ['preinstall', 'install', 'postinstall'])
    expect(scripts).not.toHaveProperty(hook)
})

it('runs with the native part that it brought, or with the twins', () => {
  const env = { PATH: dirname(process.execPath), HOME: folder }
  const cli = join(unpacked, 'dist/bin/mcp2p.js')
  const native = run(process.execPath, [cli, '--version', '-v'], folder, env)
  const built = loadNative().udp !== undefined
  expect(native).toContain(
    built ? 'UDP      native batches (prebuilt for' : "UDP      node's dgram",
  )
  if (built) expect(native).toMatch(/^SHA-256 {2}native/m)
  if (built) expect(native).toMatch(/^BLAKE3 {3}native, (4|8|16) chunks at a time \(prebuilt for /m)
  if (built) expect(native).toMatch(/^FEC {6}native, \w+ \(the fastest here; prebuilt for /m)
  const twins = run(process.execPath, [cli, '--version', '-v'], folder, {
    ...env,
    MCP2P_NO_NATIVE: '1',
  })
  expect(twins).toContain("UDP      node's dgram (MCP2P_NO_NATIVE is set)")
  expect(twins).toContain("SHA-256  node's hash, a block a call (MCP2P_NO_NATIVE is set)")
  expect(twins).toMatch(/^BLAKE3 {3}(@napi-rs|none).*\(MCP2P_NO_NATIVE is set\)$/m)
  expect(twins).toMatch(/^FEC {6}(WebAssembly|tables) \(MCP2P_NO_NATIVE is set\)$/m)
  const meta = join(folder, 'readme.p2pmeta')
  for (const MCP2P_NO_NATIVE of ['0', '1']) {
    const args = ['meta', join(unpacked, 'README.md'), '-o', meta, '--overwrite']
    run(process.execPath, [cli, ...args], folder, { ...env, MCP2P_NO_NATIVE })
    run(process.execPath, [cli, 'verify', meta, unpacked], folder, { ...env, MCP2P_NO_NATIVE })
  }
})

it.skipIf(!existsSync('/dev/full'))('an answer that cannot be written is no success', () => {
  const cli = join(unpacked, 'dist/bin/mcp2p.js')
  const to = (redirect: string) => {
    const line = `"${process.execPath}" "${cli}" config --json ${redirect}`
    return spawnSync('sh', ['-c', line], {
      encoding: 'utf8',
      env: { ...process.env, HOME: folder },
    })
  }
  expect(to('>/dev/full')).toMatchObject({ status: 8, stderr: expect.stringMatching(/ENOSPC/) })
  expect(to('2>/dev/full')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\{/) })
})
