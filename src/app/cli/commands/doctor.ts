// `mcp2p doctor`: what may keep a transfer from working well on this host, each with what to do. The
// answer is one line per check, a second one where something is to be done, and a summary.

import { Mcp2pError } from '../../../core/base/errors.js'
import type { DoctorEvents, DoctorResult } from '../../../engine/api.js'
import type { Settings } from '../options.js'
import type { Command, Run } from '../run.js'
import { type Style, styleOf, wantsColor } from '../style.js'
import { padEnd, printable } from '../text.js'

type Finding = DoctorEvents['finding']

/** Cells of the longest state and of the longest name of a check. */
const STATE_CELLS = 7
const CHECK_CELLS = 12

export const doctor: Command = async run => {
  const start = await run.world.engine.doctor()
  const job = start({ ...doctorOptions(run.settings), signal: run.signal })
  const style = answerStyle(run)
  const view = { block: () => ['looking at this host'], line: () => undefined }
  const result = await run.follow(job, view, {
    finding: finding => {
      for (const line of findingLines(finding, style)) run.screen.answer(line)
    },
  })
  run.screen.answer(summary(result))
  return { document: result, problem: problemOf(result) }
}

function doctorOptions(settings: Settings) {
  return {
    group: settings.group,
    port: settings.port,
    dataPort: settings['data-port'],
    peerPort: settings['peer-port'],
    interface: settings.interface,
    ttl: settings.ttl,
    out: settings.out,
    managers: settings.manager,
    peers: settings.peer,
  }
}

/** What is painted is the answer, so stdout decides. */
function answerStyle({ world, settings }: Run): Style {
  const { env, stdout } = world
  const color = wantsColor(settings.color ?? 'auto', env, stdout.isTerminal)
  return styleOf({ color, unicode: false })
}

/** `failed   route        no route leads …`, and below it what to do. */
function findingLines({ check, state, why, todo }: Finding, style: Style): string[] {
  const paint = { ok: style.good, warning: style.warn, failed: style.bad }[state]
  const head = `${paint(state)}${' '.repeat(STATE_CELLS - state.length)}  `
  const first = `${head}${padEnd(check, CHECK_CELLS)}  ${printable(why)}`
  if (todo === undefined) return [first]
  return [
    first,
    `${' '.repeat(STATE_CELLS + 2 + CHECK_CELLS)}  ${style.dim('do:')} ${printable(todo)}`,
  ]
}

function summary({ findings, ok, warnings, failed }: DoctorResult): string {
  const warned = warnings === 1 ? '1 warning' : `${warnings} warnings`
  return `${findings.length} checks: ${ok} ok, ${warned}, ${failed} failed`
}

function problemOf({ failed, findings }: DoctorResult): Mcp2pError | undefined {
  if (failed === 0) return undefined
  const names = findings.filter(({ state }) => state === 'failed').map(({ check }) => check)
  const hint = 'Do what is said at each, then run it again.'
  return new Mcp2pError('DOCTOR', 'network', `failed: ${[...new Set(names)].join(', ')}`, hint)
}
