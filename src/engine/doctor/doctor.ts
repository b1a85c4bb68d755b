// The doctor's job: gathers facts, lets the checks judge them, and tells each finding. A transfer
// that hears nothing asks for the quick half of it, and gets one line.

import { endpointsOf } from '../../core/base/endpoint.js'
import { findingsOf } from '../../core/doctor/checks.js'
import { type Finding, gravest } from '../../core/doctor/finding.js'
import { pairFindings } from '../../core/doctor/pair.js'
import type { DoctorEvents, DoctorOptions, DoctorResult, Notice } from '../api.js'
import { Job } from '../events.js'
import { throwIfAborted } from '../interrupted.js'
import { checkDoctorOptions } from '../options.js'
import { gather } from './gather.js'
import { examinePair } from './pair.js'

/** Senders announce every second. */
const LISTEN_MILLIS = 1200
/** What this host sends comes back within a fraction of that. */
const QUICK_LISTEN_MILLIS = 300

/** Examines this host; `done` rejects only where nothing can be examined at all. */
export function doctor(options: DoctorOptions = {}): Job<DoctorEvents, DoctorResult> {
  return new Job(async emit => {
    checkDoctorOptions(options)
    throwIfAborted(options.signal)
    const findings: Finding[] = []
    const tell = (finding: Finding): void => {
      findings.push(finding)
      emit('finding', finding)
    }
    findingsOf(await gather({ ...options, listenMillis: LISTEN_MILLIS })).forEach(tell)
    throwIfAborted(options.signal)
    for (const address of endpointsOf(options.with === undefined ? [] : [options.with])) {
      const facts = await examinePair(address, options, doing => emit('phase', { doing }))
      pairFindings(facts).forEach(tell)
    }
    return resultOf(findings)
  })
}

function resultOf(findings: readonly Finding[]): DoctorResult {
  const count = (state: Finding['state']) => findings.filter(each => each.state === state).length
  return { findings, ok: count('ok'), warnings: count('warning'), failed: count('failed') }
}

/** Why multicast may bring nothing here, if this host alone can tell. Never rejects. */
export async function quickNotice(options: DoctorOptions): Promise<Notice | undefined> {
  try {
    const facts = await gather({ ...options, quick: true, listenMillis: QUICK_LISTEN_MILLIS })
    const finding = gravest(findingsOf(facts, 'quick'))
    if (finding === undefined) return undefined
    const { check, why, todo } = finding
    return { code: 'doctor', level: 'warning', message: `${check}: ${why}`, hint: todo }
  } catch {
    return undefined // whatever keeps us from looking, the transfer says itself
  }
}
