// Opens the multicast sockets: native batches where they are, node's dgram everywhere else.

import { loadNative } from '../native/load.js'
import type { Group, GroupOptions } from './group.js'
import { BatchGroup } from './group-batch.js'
import { DgramGroup } from './group-dgram.js'
import type { Outlet, OutletOptions } from './outlet.js'
import { BatchOutlet } from './outlet-batch.js'
import { DgramOutlet } from './outlet-dgram.js'

/** @throws Mcp2pError NO_GROUP (network) when it cannot be bound or joined anywhere. */
export async function openGroup(options: GroupOptions): Promise<Group> {
  const { udp } = loadNative()
  return udp ? BatchGroup.open(options, udp) : await DgramGroup.open(options)
}

export async function openOutlet(options: OutletOptions): Promise<Outlet> {
  const { udp } = loadNative()
  return udp ? BatchOutlet.open(options, udp) : await DgramOutlet.open(options)
}
