// Many transfers, each under faults of its own. One that goes wrong says what happened to it and the
// one command that does it again.

import { type Schedule, scheduleOf } from './faults.js'
import { Ordeal } from './ordeal.js'

export interface Failure {
  readonly seed: number
  readonly text: string
}

/** Runs schedules `seed`, `seed + 1`, …; those that went wrong. */
export function soak(
  count: number,
  seed: number,
  onEach: (done: number) => void = () => {},
): Failure[] {
  const failures: Failure[] = []
  for (let i = 0; i < count; i++) {
    const schedule = scheduleOf(seed + i)
    const problems = new Ordeal(schedule).run()
    if (problems.length > 0) failures.push({ seed: seed + i, text: tell(schedule, problems) })
    onEach(i + 1)
  }
  return failures
}

function tell(schedule: Schedule, problems: readonly string[]): string {
  const { seed, kinds, receivers, senders, sizeBytes, files, faults } = schedule
  const mbps = (schedule.lineBps / 1e6).toFixed(0)
  const lines = [
    `seed ${seed}: ${receivers} receivers, ${senders} senders, ${sizeBytes} bytes in ${files} files at ${mbps} Mbit/s; ${kinds.join(', ')}`,
    ...faults.map(fault => {
      const { atMicros, host, micros } = fault
      const what = fault.do === 'crash' ? `crash (${fault.how})` : fault.do
      return `  ${(atMicros / 1e6).toFixed(3)} s  host ${host}  ${what} for ${(micros / 1e6).toFixed(3)} s`
    }),
    ...problems.map(problem => `  PROBLEM ${problem}`),
    `  again: npm run sim -- --soak 1 --seed ${seed}`,
  ]
  return lines.join('\n')
}
