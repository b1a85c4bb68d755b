// The grammar of the command line, built with commander from the option table and the manuals.
// Commander only takes words apart here: values, sources and contradictions are `settings.ts`'s, so
// that a wrong value fails in the same words wherever it came from.

import { Command, CommanderError, Option } from 'commander'
import { Mcp2pError } from '../../core/base/errors.js'
import { exitCodes } from './exit.js'
import { examplesText, MANUALS, type Manual } from './manual.js'
import type { CommandName, OptionSpec } from './option-spec.js'
import { flagsOf, optionTable } from './option-table.js'
import { OPTIONS, optionsOf } from './options.js'
import type { World } from './world.js'

/** What the words mean: a command with its arguments and flags, or an answer already given. */
export type Parsed =
  | {
      readonly command: CommandName
      readonly args: readonly string[]
      /** Texts by option name. */
      readonly flags: ReadonlyMap<string, string>
    }
  | { readonly exit: 0 | 2 }

/** Takes the world's arguments apart; prints help where that is asked for. Throws usage errors. */
export async function parseCommandLine(world: World): Promise<Parsed> {
  let parsed: Parsed = { exit: 0 }
  const program = buildProgram(world, (command, args, own) => {
    parsed = { command, args, flags: flagTexts([program.opts(), own]) }
  })
  try {
    await program.parseAsync([...world.args], { from: 'user' })
    return parsed
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return { exit: 0 }
    if (error.code === 'commander.help') return { exit: 2 } // no command: the help was the answer
    throw usageError(error, world.args)
  }
}

type Found = (command: CommandName, args: string[], options: object) => void

function buildProgram(world: World, found: Found): Command {
  const program = new Command('mcp2p')
    .description('The same bytes onto many machines: IP multicast first, peers for the rest.')
    .usage('<command> [options]')
    .enablePositionalOptions()
    .helpCommand(false)
    .addOption(new Option('-V, --version', 'print the version; with -v the platform as well'))
  prepare(program, world)
  const specs: readonly OptionSpec[] = OPTIONS
  for (const option of specs.filter(spec => spec.commands === undefined)) {
    program.addOption(optionFor(option, false))
  }
  for (const manual of MANUALS) addCommand(program, manual, world, found)
  addHelp(program, world)
  const first = MANUALS[0].examples[0][0]
  program.addHelpText(
    'after',
    `\nExamples:\n  ${first}\n  mcp2p recv -o /srv\n\nMore: mcp2p <command> --help, mcp2p help exit, mcp2p help options\n`,
  )
  return program
}

function addCommand(program: Command, manual: Manual, world: World, found: Found): void {
  const command = program
    .command(`${manual.name} ${manual.arguments}`.trim())
    .summary(manual.summary)
    .description(manual.description)
    .helpGroup(manual.heading)
    .addHelpText('after', examplesText(manual))
  prepare(command, world)
  if (manual.alias !== undefined) command.alias(manual.alias)
  for (const option of optionsOf(manual.name)) {
    command.addOption(optionFor(option, manual.name === 'config' && option.commands !== undefined))
  }
  command.action(() => found(manual.name, command.args, command.opts()))
}

function addHelp(program: Command, world: World): void {
  const help = program
    .command('help [topic]')
    .summary('help on a command; topics: exit, options')
    .helpGroup('Look:')
  prepare(help, world)
  help.action((topic: string | undefined) => {
    if (topic === 'exit') world.stdout.write(exitCodes())
    else if (topic === 'options') world.stdout.write(optionTable())
    else {
      const command = topic === undefined ? program : commandOf(program, topic)
      world.stdout.write(helpOf(command))
    }
  })
}

function commandOf(program: Command, topic: string): Command {
  const command = program.commands.find(one => one.name() === topic || one.alias() === topic)
  if (command !== undefined) return command
  throw new Mcp2pError(
    'USAGE',
    'usage',
    `there is no help on "${topic}"`,
    `Topics: exit, options, ${MANUALS.map(manual => manual.name).join(', ')}.`,
  )
}

/** The help with what is added after it, which `helpInformation` leaves out. */
function helpOf(command: Command): string {
  let text = ''
  const output = command.configureOutput()
  command.configureOutput({ ...output, writeOut: part => (text += part) })
  command.outputHelp()
  command.configureOutput(output)
  return text
}

function prepare(command: Command, world: World): void {
  command
    .exitOverride()
    .helpOption('-h, --help', 'print this help')
    .configureOutput({
      writeOut: text => world.stdout.write(text),
      writeErr: text => world.stderr.write(text),
      outputError: () => {}, // reported as every other error is
      getOutHelpWidth: () => Math.min(100, world.stdout.columns()),
      getErrHelpWidth: () => Math.min(100, world.stderr.columns()),
    })
}

/** `isHidden`: known but not listed, and without its letter, which another option may have. */
function optionFor(spec: OptionSpec, isHidden: boolean): Option {
  // Of a flag everybody knows what happens without it.
  const text = spec.default ?? (spec.value === undefined ? undefined : spec.otherwise)
  const flags = flagsOf(isHidden ? { ...spec, short: undefined } : spec)
  const option = new Option(flags, text === undefined ? spec.help : `${spec.help} [${text}]`)
  // `--no-x` is a flag like others: as the negation of x it would silently replace `--x y`.
  option.negate = false
  option.helpGroup(`${spec.topic}:`)
  if (isHidden) option.hideHelp()
  if (spec.kind === 'level') option.argParser((_, count) => Number(count ?? 0) + 1)
  if (spec.kind === 'endpoints' || spec.kind === 'group') {
    option.argParser((value, before) => (before === undefined ? value : `${before} ${value}`))
  }
  return option
}

/** Later ones win, but for -v, which adds up over the program and its command. */
function flagTexts(sets: readonly object[]): ReadonlyMap<string, string> {
  const flags = new Map<string, string>()
  for (const set of sets) {
    for (const [attribute, value] of Object.entries(set)) {
      const name = attribute.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
      if (typeof value === 'number') {
        flags.set(name, String(Math.min(9, value + Number(flags.get(name) ?? 0))))
      } else flags.set(name, String(value))
    }
  }
  return flags
}

/** Commander's own sentence, and its suggestion as the hint. */
function usageError(error: CommanderError, args: readonly string[]): Mcp2pError {
  const [first, ...rest] = error.message.split('\n')
  const suggestion = rest.join(' ').replace(/[()]/g, '').trim()
  const named = MANUALS.find(({ name, alias }) =>
    [name, alias].some(word => args.includes(word ?? '')),
  )
  const help = `See mcp2p ${named === undefined ? '' : `${named.name} `}--help.`
  return new Mcp2pError(
    'USAGE',
    'usage',
    first.replace(/^error: /, ''),
    suggestion === '' ? help : `${suggestion} ${help}`,
  )
}
