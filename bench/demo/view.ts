// The demo's live progress: one block that redraws itself on a terminal, a line now and then
// elsewhere. It shows what the processes report and computes nothing of its own.

import { formatBytes, formatPercent, formatRate } from '../../src/app/cli/units.js'
import type { ReceiveProgress, SendProgress } from '../../src/engine/api.js'
import type { CliProcess } from '../../test/lab/cli.js'
import type { Cast } from './cast.js'
import { parts } from './cast.js'

const liveMillis = 200
const lineMillis = 2000
const barCells = 24

export class View {
  readonly #cast: Cast
  readonly #out = process.stderr
  readonly #live = process.stderr.isTTY === true
  readonly #timer: NodeJS.Timeout
  #drawn = 0

  constructor(cast: Cast) {
    this.#cast = cast
    this.#timer = setInterval(() => this.#draw(), this.#live ? liveMillis : lineMillis)
    this.#draw()
  }

  /** Draws a last time and leaves the block standing. */
  end(): void {
    clearInterval(this.#timer)
    this.#draw()
  }

  #draw(): void {
    const { sender, receivers } = this.#cast
    const lines = [senderLine(sender)]
    for (const { process, part } of receivers) lines.push(receiverLine(process, part))
    for (const part of parts.slice(receivers.length)) lines.push(`  (to come)   ${part}`)
    if (!this.#live) {
      this.#out.write(`${lines.map(line => line.trim()).join(' | ')}\n`)
      return
    }
    const up = this.#drawn > 0 ? `\x1b[${this.#drawn}A` : ''
    const width = this.#out.columns || 80
    const block = lines.map(line => `\x1b[2K${line.slice(0, width - 1)}\n`).join('')
    this.#out.write(up + block)
    this.#drawn = lines.length
  }
}

function senderLine(sender: CliProcess): string {
  const progress = sender.last('progress') as unknown as SendProgress | undefined
  if (!progress) return '  sender      starts'
  const { phase, sentBps, pass, passFraction } = progress
  const blast = phase === 'blasting' ? `, pass ${pass} at ${formatPercent(passFraction)}` : ''
  return `  sender      ${phase}${blast}, ${formatRate(sentBps)}`
}

function receiverLine(receiver: CliProcess, part: string): string {
  const progress = receiver.last('progress') as unknown as ReceiveProgress | undefined
  if (!progress) return `  ${receiver.name}  starts (${part})`
  const { verifiedBytes, totalBytes, rateBps, peerBytes, seederBytes, multicast } = progress
  const isComplete = receiver.last('complete') !== undefined
  const fraction = isComplete ? 1 : totalBytes > 0 ? verifiedBytes / totalBytes : 0
  const filled = Math.floor(fraction * barCells)
  const bar = `${'█'.repeat(filled)}${'░'.repeat(barCells - filled)}`
  const state = isComplete ? 'complete' : formatRate(rateBps)
  const sources = `multicast ${formatBytes(multicast.bytes)}, peers ${formatBytes(peerBytes + seederBytes)}`
  return `  ${receiver.name}  ${bar} ${formatPercent(fraction).padStart(4)} ${state}, ${sources} (${part})`
}
