// A host of the lab as the doctor's patient: one run of the real command line in it, its findings by
// the names of the checks, and what it says is to be done.

import type { Finding } from '../../../src/core/doctor/finding.js'
import type { Lab } from '../../lab/lab.js'
import type { Part, Stage } from '../stage.js'

export interface Diagnosis {
  readonly exit: number
  /** The gravest of each check. */
  readonly of: Readonly<Record<string, Finding>>
  /** Names of the checks that failed, in their order. */
  readonly failed: readonly string[]
}

/** Runs the doctor in a host to its end. Rejects where it could not do its work. */
export async function diagnose(
  stage: Stage,
  host: number,
  args: readonly string[] = [],
  part: Part = {},
): Promise<Diagnosis> {
  const words = ['doctor', ...args, ...stage.network]
  const player = stage.run(`doctor ${host}`, words, { ...part, host })
  const of: Record<string, Finding> = {}
  player.on(event => {
    const { check, state, why, todo } = event as unknown as Finding
    const graver = of[check]?.state !== 'failed' && (state !== 'ok' || of[check] === undefined)
    if (event.type === 'finding' && graver) of[check] = { check, state, why, todo }
  })
  const exit = await player.exited
  if (exit !== 0 && exit !== 4) throw new Error(player.stderr)
  const failed = Object.values(of).flatMap(({ check, state }) => (state === 'failed' ? check : []))
  return { exit, of, failed }
}

/** Carries out what a finding says is to be done. */
export async function obey(lab: Lab, host: number, finding: Finding): Promise<void> {
  await lab.run(host, ['sh', '-c', commandOf(finding)])
}

/** The first command that a finding names; the rest of the line is another way. */
export function commandOf({ todo = '' }: Finding): string {
  return /\(([^)]+)\)/.exec(todo)?.[1] ?? todo.replace(/[,;] .*/, '')
}
