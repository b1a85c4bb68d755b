// Swarms without multicast: our own, and what people use today. Each receiver is told where the
// seeder is, or its tracker, and finds the others by itself.

import { join } from 'node:path'
import { cliPath } from '../../test/lab/cli.js'
import { repositoryRoot } from '../../test/lab/root.js'
import { firstLine } from '../record.js'
import { type Rival, rivals } from './rivals.js'

const peerPort = 9990
const torrentPort = '8080'
const python = '/usr/bin/python3'
const aria2 = join(repositoryRoot, 'bench/lan/aria2.py')
const mcp2p = [process.execPath, cliPath]

/** Ours works from the meta that lies beside the source's folder. */
const metaOf = (source: string): string => join(source, '..', 'random.p2pmeta')

export const swarms: readonly Rival[] = [
  {
    name: 'mcp2p',
    done: 'receiver says',
    serves: true,
    words: { ready: '"type":"progress"', done: '"type":"complete"' },
    version: () => 'this one',
    receiver: ({ folder, source, senderAddress }) => [
      ...[...mcp2p, 'recv', metaOf(source), '-o', folder, '--no-multicast', '--json-stream'],
      ...['--peer', `${senderAddress}:${peerPort}`],
    ],
    sender: source => [
      ...[...mcp2p, 'send', metaOf(source), '--root', source, '--no-multicast', '--json-stream'],
      ...['--linger', '5m', '--peer-port', String(peerPort)],
    ],
  },
  ...rivals.filter(({ name }) => name === 'libtorrent'),
  {
    name: 'aria2',
    done: 'receiver says',
    serves: true,
    version: () => firstLine('aria2c', '--version'),
    receiver: ({ folder, source }) => [
      ...[python, aria2, 'get', folder, `${source}.torrent`, torrentPort],
    ],
    sender: (source, file, _, address) => [
      ...[python, aria2, 'seed', source, file, torrentPort, address],
    ],
  },
]
