// A destination that keeps nothing: what is verified is forgotten at once. It shows what network and
// protocol do without any disk, needs no space and leaves nothing behind, so there is nothing to
// resume, and nothing that others could be given.

import { randomBytes } from 'node:crypto'
import { Bitmap } from '../../core/base/bitmap.js'
import { Mcp2pError } from '../../core/base/errors.js'
import type { ChunkStore } from '../../ports.js'
import type { OpenStore } from './store.js'

class DiscardStore implements ChunkStore {
  async read(): Promise<void> {
    const hint = 'This is a bug in mcp2p: please report it.'
    throw new Mcp2pError('DISCARDED', 'bug', 'what was discarded cannot be read', hint)
  }
  async write(): Promise<void> {}
  async sync(): Promise<void> {}
  async finish(): Promise<void> {}
  async saveJournal(): Promise<void> {}
  async complete(): Promise<void> {}
  async close(): Promise<void> {}
}

export function openDiscard(blockCount: number): OpenStore {
  return {
    store: new DiscardStore(),
    keeps: false,
    verified: new Bitmap(blockCount),
    finishedFiles: new Set(),
    node: randomBytes(8).toString('hex'),
  }
}
