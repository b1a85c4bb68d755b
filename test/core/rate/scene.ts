// Short words for scenes on the simulated link: receivers alike, one controller, one watch.

import { QuantileRate } from '../../../src/core/rate/quantile.js'
import type { QuantileOptions } from '../../../src/core/rate/quantile-options.js'
import { Link } from './link.js'
import { type LinkSpec, payloadOf, type ReceiverSpec, type SenderSpec } from './spec.js'
import { alike, Watch } from './watch.js'

export const Mbit = 1e6
/** What a 100 Mbit/s and a 1 Gbit/s line carry of our payload. */
export const HUNDRED = payloadOf(100 * Mbit)
export const GIGA = payloadOf(1000 * Mbit)

/** `count` receivers on 100 Mbit/s ports without loss, but for what `each` says. */
export function receivers(
  count: number,
  each: Partial<ReceiverSpec> | ((index: number) => Partial<ReceiverSpec>) = {},
): ReceiverSpec[] {
  return alike(count, i => ({
    lineBps: 100 * Mbit,
    loss: 0,
    ...(typeof each === 'function' ? each(i) : each),
  }))
}

export interface Scene {
  readonly controller: QuantileRate
  readonly sender: SenderSpec
  readonly watch: Watch
  readonly link: Link
}

/** One adaptive sender before these receivers. */
export function scene(
  list: ReceiverSpec[],
  sender: Partial<SenderSpec> = {},
  options: QuantileOptions = {},
  rest: Partial<LinkSpec> = {},
): Scene {
  const controller = new QuantileRate(options)
  const spec: SenderSpec = { ...sender, controller }
  const link = new Link({ seed: 1, receivers: list, senders: [spec], ...rest })
  return { controller, sender: spec, watch: new Watch(link), link }
}
