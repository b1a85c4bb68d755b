// How much parity a blast carries. As much as the loss of nearly all receivers calls for and a little
// more, because losses of one group scatter: with the mean and one standard deviation five groups of
// six are whole, and of the rest the swarm brings what is missing. Where nothing is lost there is none.

import type { RateController } from '../rate/controller.js'
import type { Receivers } from './receivers.js'

/** Parity as a share of the data, or by what is lost. */
export type Fec = 'auto' | number

/** So many of the receivers shall be content; the others have the swarm. */
const QUANTILE = 0.9
/** Below that the swarm's repair costs less than any parity. */
const LOSS_MIN = 0.002
const SHARE_MAX = 0.3
/** In a carousel those who lose most may be those who cannot say so. */
const CAROUSEL_SHARE = 0.1

/** Tells how many rows a group of so many columns gets; the rate hears of it. */
export function parityFor(
  fec: Fec,
  receivers: Receivers,
  rate: RateController,
  carousel: boolean,
): (columns: number) => number {
  const least = carousel ? CAROUSEL_SHARE : 0
  return columns => {
    const auto = (): number => Math.max(least * columns, needed(columns, receivers))
    const rows = Math.ceil(fec === 'auto' ? auto() : columns * fec)
    rate.onParity(rows / columns)
    return rows
  }
}

function needed(columns: number, receivers: Receivers): number {
  const losses: number[] = []
  for (const { heard, demotedLoss, pathLoss } of receivers.open())
    if (heard && demotedLoss === undefined) losses.push(pathLoss)
  losses.sort((a, b) => a - b)
  const loss = losses[Math.floor(QUANTILE * (losses.length - 1))] ?? 0
  if (loss < LOSS_MIN) return 0
  const lost = (columns * loss) / Math.max(0.5, 1 - loss)
  return Math.min(SHARE_MAX * columns, lost + Math.sqrt(lost))
}
