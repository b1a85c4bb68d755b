// A receiver that lies in its reports: the core is an honest one, but what it says to the transmitter
// on its way out is changed.

import type { Machine, Micros } from '../../src/core/base/machine.js'
import type { Message } from '../../src/core/wire/message.js'

export type Lying = (message: Message) => Message

/** The machine, with a change to each message that it sends. */
export function lying<In, Out extends { type: string }>(
  core: Machine<In, Out>,
  lie: Lying,
): Machine<In, Out> {
  return {
    handle: (input: In, now: Micros) => core.handle(input, now),
    poll: (now: Micros) => {
      const out = core.poll(now)
      if (out === undefined || out.type !== 'send') return out
      const send = out as unknown as { message: Message }
      return { ...out, message: lie(send.message) }
    },
    get deadline() {
      return core.deadline
    },
  }
}

type Report = Message & { type: 'report' }

function reports(change: (report: Report) => Partial<Report>): Lying {
  return message => (message.type === 'report' ? { ...message, ...change(message) } : message)
}

/** `blockCount`: of the transfer that is lied about. */
export const LIARS: Readonly<Record<string, (blockCount: number) => Lying>> = {
  'loses all': () => reports(() => ({ received: 0, receivedBytes: 0 })),
  'loses nearly all': () =>
    reports(({ expected }) => ({ received: Math.ceil(expected / 100), receivedBytes: 1400 })),
  'loses nothing': () =>
    reports(({ expected }) => ({ received: expected, receivedBytes: 1398 * expected })),
  'gets the impossible': () =>
    reports(() => ({ expected: 1e15, received: 1e15, receivedBytes: 1e18, kernelDrops: 1e15 })),
  'is far behind': () =>
    reports(() => ({ queueMicros: 1e12, lagMicros: 1e12, diskQueueBytes: 1e15 })),
  'drops it itself': () =>
    reports(({ expected }) => ({ received: 1, receivedBytes: 1400, kernelDrops: expected - 1 })),
  'has no time': () => reports(() => ({ intervalMicros: 1 })),
  'has all time': () => reports(() => ({ intervalMicros: 1e15, expected: 1, received: 1 })),
  'misses everything for ever': blockCount => message => {
    if (message.type === 'missing') return { ...message, runs: [0, blockCount], counts: undefined }
    if (message.type === 'complete') return { type: 'keep-alive' }
    if (message.type !== 'report') return message
    return { ...message, received: Math.ceil(message.expected * 0.8) }
  },
  'is complete at once': () => message =>
    message.type === 'report' ? { type: 'complete', progress: message.progress } : message,
}
