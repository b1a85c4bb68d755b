// A host with nothing wrong about it, as facts: a test changes what it is about.

import type { Facts, LinkFacts } from '../../../src/core/doctor/facts.js'

export const lo: LinkFacts = {
  name: 'lo',
  address: '127.0.0.1',
  internal: true,
  mtuBytes: 65_536,
  wireless: false,
  paired: false,
  bridge: false,
}

export const eth0: LinkFacts = {
  ...lo,
  name: 'eth0',
  address: '10.0.0.1',
  internal: false,
  mtuBytes: 1500,
}

export const healthy: Facts = {
  group: '224.0.67.67',
  port: 6767,
  dataPort: 6768,
  peerPort: 9990,
  ttl: 1,
  links: [lo, eth0],
  bridges: [],
  unplugged: [],
  route: { link: 'eth0' },
  joined: ['lo', 'eth0'],
  membershipsMax: 20,
  memberships: ['224.0.0.1', '224.0.67.67'],
  echoes: [
    { link: 'eth0', port: 6767, heard: true },
    { link: 'eth0', port: 6768, heard: true },
  ],
  others: [],
  targets: [],
  native: { loaded: true, why: 'prebuilt for linux-x64' },
  unixMillis: 1_800_000_000_000,
  date: '2027-01-15T08:00:00Z',
  clockStepMillis: 0,
  receiveBufferMaxBytes: 16 * 2 ** 20,
  disk: { dir: '/srv', freeBytes: 2 ** 40, freeFiles: 1e6 },
}
