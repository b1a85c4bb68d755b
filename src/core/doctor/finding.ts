// What a check of the doctor comes to: a state, one line that says why, and for what is not right one
// line that says what to do, with the command where there is one.

export interface Finding {
  /** Stable name of the check, e.g. `route`, `firewall`. */
  readonly check: string
  readonly state: 'ok' | 'warning' | 'failed'
  readonly why: string
  /** Absent where all is right. */
  readonly todo?: string
}

/** A finding that has not been told yet which check it is of. */
export type Verdict = Omit<Finding, 'check'>

export function ok(why: string): Verdict {
  return { state: 'ok', why }
}

export function warning(why: string, todo: string): Verdict {
  return { state: 'warning', why, todo }
}

export function failed(why: string, todo: string): Verdict {
  return { state: 'failed', why, todo }
}

/** The first that failed, else the first that warns. */
export function gravest(findings: readonly Finding[]): Finding | undefined {
  const first = (state: Finding['state']) => findings.find(finding => finding.state === state)
  return first('failed') ?? first('warning')
}
