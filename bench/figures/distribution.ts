// The four ways of document 000, figure 1.0, over lines instead of by formula: one after the other,
// multicast, whole files from peers, and a chain of chunks. Every host has the same line, each way.

import { Flows, Pipe } from './flows.js'
import type { Transfer } from './formulas.js'

interface Line {
  readonly up: Pipe
  readonly down: Pipe
}

function lines(count: number, bytesPerSecond: number, downPerSecond = bytesPerSecond): Line[] {
  return Array.from({ length: count }, () => ({
    up: new Pipe(bytesPerSecond),
    down: new Pipe(downPerSecond),
  }))
}

export function simulateSerial({ fileBytes, bytesPerSecond }: Transfer, receivers: number): number {
  const flows = new Flows()
  const [sender, ...others] = lines(receivers + 1, bytesPerSecond)
  const next = (): void => {
    const receiver = others.shift()
    if (receiver) flows.start([sender.up, receiver.down], fileBytes, next)
  }
  next()
  flows.run()
  return flows.now
}

export function simulateMulticast(
  { fileBytes, bytesPerSecond }: Transfer,
  receivers: number,
): number {
  const flows = new Flows()
  const [sender, ...others] = lines(receivers + 1, bytesPerSecond)
  flows.start([sender.up, ...others.map(({ down }) => down)], fileBytes, () => {})
  flows.run()
  return flows.now
}

/**
 * Whole files, one receiver at a time, from all who have it, each a part. The seed lets a receiver
 * take as fast as all of those can give: `downPerSecond` says how fast it can.
 */
export function simulateUnchunked(
  { fileBytes, bytesPerSecond }: Transfer,
  receivers: number,
  downPerSecond = Number.POSITIVE_INFINITY,
): number {
  const flows = new Flows()
  const hosts = lines(receivers + 1, bytesPerSecond, downPerSecond)
  const serve = (index: number): void => {
    let waiting = index
    const part = (): void => {
      if (--waiting === 0 && index < receivers) serve(index + 1)
    }
    for (const { up } of hosts.slice(0, index))
      flows.start([up, hosts[index].down], fileBytes / index, part)
  }
  serve(1)
  flows.run()
  return flows.now
}

/** Whole files, lines that hold both ways: who has the file serves one who has not. */
export function simulateDoubling(
  { fileBytes, bytesPerSecond }: Transfer,
  receivers: number,
): number {
  const flows = new Flows()
  const [sender, ...others] = lines(receivers + 1, bytesPerSecond)
  const serve = (from: Line): void => {
    const receiver = others.shift()
    if (receiver === undefined) return
    flows.start([from.up, receiver.down], fileBytes, () => {
      serve(receiver)
      serve(from)
    })
  }
  serve(sender)
  flows.run()
  return flows.now
}

export function simulateChain(
  { fileBytes, bytesPerSecond }: Transfer,
  receivers: number,
  chunkBytes: number,
): number {
  const flows = new Flows()
  const hosts = lines(receivers + 1, bytesPerSecond)
  const chunks = Math.ceil(fileBytes / chunkBytes)
  const held = [chunks, ...Array.from({ length: receivers }, () => 0)]
  const isBusy = hosts.map(() => false)
  /** Host `index` gets its next chunk from the one before it. */
  const pull = (index: number): void => {
    if (index > receivers || isBusy[index] || held[index] >= held[index - 1]) return
    isBusy[index] = true
    const bytes = Math.min(chunkBytes, fileBytes - held[index] * chunkBytes)
    flows.start([hosts[index - 1].up, hosts[index].down], bytes, () => {
      isBusy[index] = false
      held[index]++
      pull(index)
      pull(index + 1)
    })
  }
  pull(1)
  flows.run()
  return flows.now
}
