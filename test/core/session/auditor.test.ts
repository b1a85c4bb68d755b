import { expect, it } from 'vitest'
import type { RateController } from '../../../src/core/rate/controller.js'
import { FixedRate } from '../../../src/core/rate/fixed.js'
import { Auditor } from '../../../src/core/session/auditor.js'
import { Receivers } from '../../../src/core/session/receivers.js'
import { Link } from '../../../src/core/swarm/link.js'
import type { Report } from '../../../src/core/wire/message.js'

const progress = {
  verifiedBytes: 0,
  resumedBytes: 0,
  multicastBytes: 0,
  peerBytes: 0,
  seederBytes: 0,
}

function reportOf(received: number, others?: Report['others']): Report {
  return {
    type: 'report',
    session: '0'.repeat(16),
    intervalMicros: 100_000,
    highestSequence: received,
    expected: received,
    received,
    receivedBytes: received * 1400,
    duplicates: 0,
    kernelDrops: 0,
    queueMicros: 0,
    diskQueueBytes: 0,
    others,
    progress,
  }
}

/** An auditor, two receivers, and whose reports came to the rate. */
function stage() {
  const heard: { receiver: number; othersCount: number }[] = []
  const rate: RateController = Object.assign(new FixedRate(1e6), {
    onReport: ({ receiver, othersCount }: { receiver: number; othersCount: number }) =>
      heard.push({ receiver, othersCount }),
  })
  const receivers = new Receivers()
  const [near, far] = ['10.0.0.2', '10.9.0.2'].map((host, i) => {
    const link = new Link(i + 1, host, false, 0)
    link.hello = {
      type: 'hello',
      id: 'a'.repeat(64),
      node: String(i).padStart(16, '0'),
      port: 0,
      role: 'receiver',
      complete: false,
      version: 1,
      features: [],
    }
    return receivers.joined(link, 0)
  })
  return { auditor: new Auditor(rate), near, far, heard }
}

it('who never heard what others hear does not slow them, whatever else is heard there', () => {
  const { auditor, near, far, heard } = stage()
  const others = { count: 2, receivedBytes: 1e6 }
  auditor.passStarted(0)
  auditor.report(near, reportOf(100), true, 1)
  auditor.report(far, reportOf(0, others), true, 2)
  expect(heard).toEqual([{ receiver: near.index, othersCount: 0 }])
  auditor.report(far, reportOf(50, others), true, 3)
  auditor.report(far, reportOf(0, others), true, 4)
  expect(heard.slice(1)).toEqual(Array(2).fill({ receiver: far.index, othersCount: 2 }))
})

it('while nobody has heard anything all reports count: the way may be broken', () => {
  const { auditor, near, far, heard } = stage()
  auditor.passStarted(0)
  auditor.report(far, reportOf(0), true, 1)
  auditor.report(near, reportOf(0), true, 2)
  expect(heard.map(({ receiver }) => receiver)).toEqual([far.index, near.index])
})
