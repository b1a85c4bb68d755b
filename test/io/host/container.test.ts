// What counts as a container: traces of one, and being apart from the host as the kernel shows it.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { containerKind } from '../../../src/io/host/container.js'

const hostPids = { 'proc/self/ns/pid': 'pid:[4026531836]' }
const ownPids = { 'proc/self/ns/pid': 'pid:[4026532510]' }
const sameNetwork = { 'proc/1/ns/net': 'net:[7]', 'proc/self/ns/net': 'net:[7]' }
const otherNetwork = { ...sameNetwork, 'proc/1/ns/net': 'net:[1]' }
const docker = { '.dockerenv': '' }
const overlay = {
  'proc/self/mountinfo': '27 1 0:41 / / rw,relatime - overlay overlay rw,lowerdir=/a\n',
}
const disk = {
  'proc/self/mountinfo':
    '27 1 254:0 / / rw - ext4 /dev/vda rw\n30 27 0:9 / /x rw - overlay overlay rw\n',
}

let root: string
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'mcp2p-root-'))))
afterEach(() => rmSync(root, { recursive: true }))

/** Makes files of their texts, and links of what is below `ns`. */
function plant(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    if (name.includes('/ns/')) symlinkSync(text, join(root, name))
    else writeFileSync(join(root, name), text)
  }
}

it.each<[string, Record<string, string>, string | undefined]>([
  ['a bare host', { ...hostPids, ...sameNetwork, ...disk }, undefined],
  ['a disk made from an image', { ...docker, ...hostPids, ...sameNetwork, ...disk }, undefined],
  ['a namespace on such a disk', { ...docker, ...hostPids, ...otherNetwork, ...disk }, undefined],
  ['a live system', { ...hostPids, ...sameNetwork, ...overlay }, undefined],
  ['docker', { ...docker, ...ownPids, ...sameNetwork, ...overlay }, 'docker'],
  ["docker with its host's processes", { ...docker, ...hostPids, ...overlay }, 'docker'],
  ['a namespace in docker', { ...docker, ...ownPids, ...otherNetwork, ...overlay }, undefined],
  ['a user who may not look', { ...docker, ...ownPids }, 'docker'],
  ['podman', { 'run/.containerenv': '', ...ownPids, ...sameNetwork }, 'podman'],
  ['lxc', { 'proc/1/environ': 'TERM=linux\0container=lxc\0', ...ownPids }, 'lxc'],
  ['nspawn', { 'run/systemd/container': 'systemd-nspawn\n', ...ownPids }, 'systemd-nspawn'],
  ['the word for none', { 'proc/1/environ': 'container=none\0', ...ownPids }, undefined],
  ['a pod', { 'proc/self/cgroup': '0::/kubepods.slice/pod1\n', ...ownPids }, 'kubernetes'],
  ['an old docker', { 'proc/self/cgroup': '4:memory:/docker/1f\n', ...ownPids }, 'docker'],
  [
    'its daemon',
    { 'proc/self/cgroup': '0::/system.slice/docker.service\n', ...ownPids },
    undefined,
  ],
  ['processes of their own alone', { ...ownPids, ...sameNetwork }, undefined],
])('%s', (_, files, kind) => {
  plant(files)
  expect(containerKind(root, {})).toBe(kind)
})

it('a pod is known by its environment', () => {
  plant(ownPids)
  expect(containerKind(root, { KUBERNETES_SERVICE_HOST: '10.0.0.1' })).toBe('kubernetes')
})
