// What a receiver needs to multicast what it has: a session of its own, where it is to be heard, and
// how fast.

import type { RateController } from '../rate/controller.js'
import type { SessionId } from '../wire/datagram.js'
import type { BillOptions } from './bill.js'

export interface RelayOptions extends Omit<BillOptions, 'role'> {
  readonly session: SessionId
  readonly symbolBytes: number
  readonly rate: RateController
}
