// `mcp2p doctor`: what may keep a transfer from working well on this host, each with what to do. The
// answer is one line per check, a second one where something is to be done, and a summary.

import { formatEndpoint, parseEndpoint } from '../../../core/base/endpoint.js'
import { Mcp2pError } from '../../../core/base/errors.js'
import type { DoctorEvents, DoctorResult } from '../../../engine/api.js'
import type { Settings } from '../options.js'
import type { Command, Outcome, Run } from '../run.js'
import { type Style, styleOf, wantsColor } from '../style.js'
import { padEnd, printable } from '../text.js'

type Finding = DoctorEvents['finding']

/** Cells of the longest state and of the longest name of a check. */
const STATE_CELLS = 7
const CHECK_CELLS = 15
/** What is told stays on the screen; nothing is redrawn. */
const NO_VIEW = { block: () => [], line: () => undefined }

export const doctor: Command = async run =>
  run.settings.listen ? await listen(run) : await examine(run)

async function examine(run: Run): Promise<Outcome> {
  const start = await run.world.engine.doctor()
  const job = start({ ...doctorOptions(run.settings), signal: run.signal })
  const style = answerStyle(run)
  const result = await run.follow(job, NO_VIEW, {
    phase: ({ doing }) => run.screen.note(doing),
    finding: finding => {
      for (const line of findingLines(finding, style)) run.screen.answer(line)
    },
  })
  run.screen.answer(summary(result))
  return { document: result, problem: problemOf(result) }
}

/** The answer is the line for the other host. */
async function listen(run: Run): Promise<Outcome> {
  const start = await run.world.engine.doctorListen()
  const job = start({ ...doctorOptions(run.settings), signal: run.signal })
  const { screen } = run
  const document = await run.follow(job, NO_VIEW, {
    listening: ({ address, group, port, peerPort }) => {
      screen.note(`listening on TCP ${peerPort}, multicast ${group}:${port}; on the other host:`)
      screen.answer(`mcp2p doctor --with ${formatEndpoint({ host: address, port: peerPort })}`)
    },
    conversation: ({ host, state }) =>
      screen.note(state === 'begun' ? `${host} is here` : `${host} is done`),
  })
  return { document }
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
    with: withOf(settings),
    maxRateBps: settings['max-rate'],
    holdMillis: settings.hold,
  }
}

/** A host alone is taken with the port that a doctor there has by default. */
function withOf({ with: text, 'peer-port': port = 9990 }: Settings): string | undefined {
  if (text === undefined || parseEndpoint(text) !== undefined) return text
  const whole = formatEndpoint({ host: text, port })
  if (parseEndpoint(whole) !== undefined) return whole
  throw new Mcp2pError(
    'USAGE',
    'usage',
    `--with: "${printable(text)}" is no host`,
    'Write a host or host:port, for example 10.0.0.1 or 10.0.0.1:9990.',
  )
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
