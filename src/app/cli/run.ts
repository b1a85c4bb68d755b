// One run of one command: everything it goes by, and the one way a job is followed. Every event of
// the engine passes here once and goes to the JSON stream, the log and the screen; commands only say
// what an event means to people.

import { EXIT, Mcp2pError } from '../../core/base/errors.js'
import type { Notice } from '../../engine/api.js'
import type { Job } from '../../engine/events.js'
import { type Log, openLog } from '../log.js'
import { asMcp2pError, errorLines } from './exit.js'
import { type JsonMode, JsonOutput } from './json.js'
import type { CommandName } from './option-spec.js'
import type { Settings } from './options.js'
import { Screen, type View } from './screen.js'
import type { Resolved, Setting } from './settings.js'
import { type Interrupts, listenForInterrupts } from './signals.js'
import { type Style, styleOf, wantsColor, wantsUnicode } from './style.js'
import { printable, shellQuote } from './text.js'
import type { World } from './world.js'

/** What a command ends with when it was able to do its work. */
export interface Outcome {
  /** The JSON document, without `exit`. */
  readonly document: object
  /** Why it is no success although the work was done (exits 6 and 7). */
  readonly problem?: Mcp2pError
}

export interface Run {
  readonly world: World
  readonly settings: Settings
  readonly resolved: Resolved
  readonly screen: Screen
  readonly style: Style
  /** Aborts at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal
  /** To go on, the command needs this argument as well: it was found, not given. */
  needsToGoOn(argument: string): void
  /** How often jobs are asked for progress, ms. */
  readonly progressEveryMillis: number
  /** Where the option came from; undefined for one that the command does not have. */
  sourceOf(name: string): Setting['source'] | undefined
  /** Follows `job` to its end: `handlers` has what each event means, and names all of them. */
  follow<Events, Result>(
    job: Job<Events, Result>,
    view: View,
    handlers: Handlers<Events>,
  ): Promise<Result>
}

/** For every event what it does, or `undefined` where it only goes to the stream and the log. */
export type Handlers<Events> = {
  readonly [K in keyof Events]: ((event: Events[K]) => void) | undefined
}

export type Command = (run: Run, args: readonly string[]) => Promise<Outcome>

const LIVE_PROGRESS_MILLIS = 250
const LINES_PROGRESS_MILLIS = 500

/** Runs `command` and returns the exit code; everything that is thrown is reported here. */
export async function runCommand(
  world: World,
  resolved: Resolved,
  command: { readonly name: CommandName; readonly run: Command },
  args: readonly string[],
): Promise<number> {
  const { settings } = resolved
  const verbosity = settings.verbose ?? 0
  const jsonMode: JsonMode = settings.json
    ? 'document'
    : settings['json-stream']
      ? 'stream'
      : 'none'
  const screen = new Screen(world, {
    mode: screenMode(world, settings),
    answersJson: jsonMode !== 'none',
    statsMillis: settings.stats ?? 10_000,
  })
  const style = styleFor(world, settings)
  const json = new JsonOutput(jsonMode, text => screen.raw(text), world.now)
  const interrupts = listenForInterrupts(
    world,
    () => {
      const keeps = command.name === 'recv' && !settings.discard
      const kept = keeps ? '; what is verified is kept' : ''
      const message = `Stopping${kept}. Once more stops at once.`
      json.event('notice', { code: 'stopping', level: 'info', message })
      screen.note(message)
    },
    () => screen.hide(),
  )
  const again = [...world.args]
  const stopStats = world.onSignal('SIGUSR2', () => screen.stats())
  try {
    const log = await openLog(verbosity, line => screen.alert(line.trimEnd()))
    const outcome = await command.run(
      {
        world,
        settings,
        resolved,
        screen,
        style,
        signal: interrupts.signal,
        needsToGoOn: argument => void again.push(argument),
        progressEveryMillis: screen.isLive ? LIVE_PROGRESS_MILLIS : LINES_PROGRESS_MILLIS,
        sourceOf: name => resolved.sources.get(name)?.source,
        follow: (job, view, handlers) => follow({ screen, style, json, log }, job, view, handlers),
      },
      args,
    )
    const exit = EXIT[outcome.problem?.exit ?? 'complete']
    json.result(outcome.document, exit)
    if (outcome.problem) report(screen, style, outcome.problem, verbosity)
    return exit
  } catch (thrown) {
    const error = thrownDuring(interrupts, again, thrown)
    json.error(error, EXIT[error.exit])
    report(screen, style, error, verbosity)
    return EXIT[error.exit]
  } finally {
    screen.hide()
    stopStats()
    interrupts.dispose()
  }
}

export function styleFor(world: World, settings: Settings): Style {
  const { env, platform, stderr } = world
  return styleOf({
    color: wantsColor(settings.color ?? 'auto', env, stderr.isTerminal),
    unicode: wantsUnicode(env, platform),
  })
}

function screenMode(world: World, settings: Settings): 'live' | 'lines' | 'silent' {
  // With a stream of events the consumer has everything; on one terminal both would be a mess.
  if (settings.quiet || settings['json-stream']) return 'silent'
  return world.stderr.isTerminal && world.env.TERM !== 'dumb' ? 'live' : 'lines'
}

interface Outputs {
  readonly screen: Screen
  readonly style: Style
  readonly json: JsonOutput
  readonly log: Log
}

async function follow<Events, Result>(
  { screen, style, json, log }: Outputs,
  job: Job<Events, Result>,
  view: View,
  handlers: Handlers<Events>,
): Promise<Result> {
  const names = Object.keys(handlers) as (keyof Events & string)[]
  for (const name of names) {
    job.on(name, event => {
      json.event(name, event as object)
      if (name === 'notice') screen.note(noticeLine(event as Notice, style))
      else log(LOUD.has(name) ? 'trace' : 'info', name, event as object)
      handlers[name]?.(event)
    })
  }
  screen.show(view)
  try {
    return await job.done
  } finally {
    screen.hide()
  }
}

/** Events that come many times a second: only -vv logs them. */
const LOUD = new Set(['progress', 'verified'])

function noticeLine(notice: Notice, style: Style): string {
  const word = notice.level === 'warning' ? style.warn('warning:') : style.dim('note:')
  const hint = notice.hint === undefined ? '' : `; ${notice.hint}`
  return `${word} ${printable(notice.message)}${printable(hint)}`
}

function report(screen: Screen, style: Style, error: Mcp2pError, verbosity: number): void {
  screen.hide()
  for (const line of errorLines(error, style, verbosity)) screen.alert(line)
}

/** After an abort whatever is thrown means the interruption, unless the engine says otherwise. */
function thrownDuring(
  interrupts: Interrupts,
  args: readonly string[],
  thrown: unknown,
): Mcp2pError {
  const isAbort = thrown instanceof Error && thrown.name === 'AbortError'
  const error = asMcp2pError(thrown)
  const { signal } = interrupts
  if (!signal.aborted || !(isAbort || error.exit === 'interrupted')) return error
  return new Mcp2pError(
    'INTERRUPTED',
    'interrupted',
    (signal.reason as Mcp2pError).message,
    `To go on: ${['mcp2p', ...args].map(shellQuote).join(' ')}`,
    error,
  )
}
