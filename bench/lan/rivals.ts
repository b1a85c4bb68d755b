// What people use today, on the same lines and the same bytes, so that our figures have a scale: two
// tools that multicast, a web server that everybody asks, and a swarm. Each is given what its manual
// recommends; uftp is even told the rate.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '../../test/lab/root.js'
import { firstLine } from '../record.js'
import type { Setting } from './line.js'

/** Where a rival's receiver runs and what it is to fetch. */
export interface Seat {
  readonly host: number
  /** What is sent: its folder and its name there. */
  readonly source: string
  readonly file: string
  /** Of this receiver alone. */
  readonly folder: string
  /** Of host 0. */
  readonly senderAddress: string
}

export interface Rival {
  readonly name: string
  /** What it says about itself, or undefined when it is not installed. */
  version(): string | undefined
  receiver(seat: Seat): readonly string[]
  /** `address` is the sender's own. */
  sender(source: string, file: string, setting: Setting, address: string): readonly string[]
  /**
   * Who knows that a receiver has everything: its own end, the sender's, or the word `done` that the
   * receiver says.
   */
  readonly done: 'receiver ends' | 'sender ends' | 'receiver says'
  /** The sender serves whoever asks: it is there first, and ends when it is told to. */
  readonly serves?: boolean
  /** What the sender and the receivers say, where they say it; default `ready` and `done`. */
  readonly words?: { readonly ready: string; readonly done: string }
}

/** What uftp is told: of a line of 100 Mbit/s, 95.7 are payload of full datagrams. */
const uftpLineFraction = 0.94
/** Without a line: what it managed here when it was told much more. */
const uftpUnlimitedBps = 2e9
const socketBytes = '4194304'
const port = 8080
const python = '/usr/bin/python3'
const torrent = join(repositoryRoot, 'bench/lan/torrent.py')

export const rivals: readonly Rival[] = [
  {
    name: 'udpcast',
    done: 'receiver ends',
    version: () => versionOf('udpcast', 'udp-sender'),
    receiver: ({ folder, file }) => [
      'udp-receiver',
      '--interface',
      'eth0',
      '--nokbd',
      '--file',
      join(folder, file),
    ],
    sender: (source, file, { receivers }) =>
      ['udp-sender', '--interface', 'eth0', '--nokbd', '--full-duplex']
        .concat('--file', join(source, file))
        .concat('--min-receivers', String(receivers)),
  },
  {
    name: 'uftp',
    done: 'sender ends',
    version: () => versionOf('uftp', 'uftpd'),
    receiver: ({ folder, host }) =>
      ['uftpd', '-d', '-I', 'eth0', '-D', folder, '-T', `${folder}.part`, '-B', socketBytes].concat(
        '-U',
        `0x${String(host).padStart(8, '0')}`,
      ),
    sender: (source, file, { rate }) => {
      const bps = rate === undefined ? uftpUnlimitedBps : bitsOf(rate) * uftpLineFraction
      const kilobits = String(Math.round(bps / 1000))
      return ['uftp', '-I', 'eth0', '-R', kilobits, '-B', socketBytes, join(source, file)]
    },
  },
  {
    name: 'nginx + curl',
    done: 'receiver ends',
    serves: true,
    version: () => firstLine('curl', '--version') && versionOf('nginx', 'nginx'),
    receiver: ({ folder, file, senderAddress }) =>
      ['curl', '-s', '--fail', '-o', join(folder, file)].concat(
        `http://${senderAddress}:${port}/${file}`,
      ),
    sender: source => {
      const config = `${source}.nginx`
      writeFileSync(config, nginxConfig(source))
      return ['nginx', '-e', '/dev/null', '-c', config]
    },
  },
  {
    name: 'libtorrent',
    done: 'receiver says',
    serves: true,
    version: () => {
      const version = firstLine(python, '-c', 'import libtorrent; print(libtorrent.__version__)')
      return version?.startsWith('Traceback') ? undefined : version
    },
    receiver: ({ folder, source, senderAddress }) =>
      [python, torrent, 'get', folder, `${source}.torrent`, String(port)].concat(
        `${senderAddress}:${port}`,
      ),
    sender: (source, file) => [python, torrent, 'seed', source, file, String(port)],
  },
]

function nginxConfig(root: string): string {
  return `
    daemon off; worker_processes 2; pid ${root}.pid; user root;
    events { worker_connections 256; }
    http {
      access_log off; sendfile on; tcp_nopush on;
      server { listen ${port}; root ${root}; }
    }`
}

/** The package's version where a package manager knows it; undefined when it is not installed. */
function versionOf(name: string, command: string): string | undefined {
  if (firstLine(command, '-?') === undefined) return undefined
  const [known, version] = firstLine('dpkg-query', '-W', name)?.split(/\s/) ?? []
  return known === name ? version : 'unknown'
}

/** `100mbit` → bits per second. */
function bitsOf(rate: string): number {
  const [, number, unit] = /^(\d+)([kmg])bit$/i.exec(rate) ?? []
  return Number(number) * { k: 1e3, m: 1e6, g: 1e9 }[unit.toLowerCase() as 'k' | 'm' | 'g']
}
